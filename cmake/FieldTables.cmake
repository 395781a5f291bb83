# The JSON names, numbers and types of the OTLP messages, generated from proto/ when building.
file(GLOB_RECURSE GF_OTLP_PROTOS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/proto/*.proto)
add_executable(gen_field_tables tools/gen_field_tables.cc)
target_link_libraries(gen_field_tables PRIVATE protobuf::libprotobuf)
set(GF_OTLP_FIELD_TABLES ${PROJECT_BINARY_DIR}/generated/field_tables_data.cc)
add_custom_command(
  OUTPUT ${GF_OTLP_FIELD_TABLES}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/generated
  COMMAND gen_field_tables ${PROJECT_SOURCE_DIR}/proto ${GF_OTLP_FIELD_TABLES}
  DEPENDS gen_field_tables ${GF_OTLP_PROTOS})
