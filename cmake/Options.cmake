# Flags of our own targets only.
add_library(gf_otlp_options INTERFACE)
target_compile_options(gf_otlp_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wno-sign-conversion
                       -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these for correct uses of std::string, of fmt and of std::expected when it inlines them.
  target_compile_options(gf_otlp_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-free-nonheap-object)
endif()
if(GF_OTLP_DEV)
  target_compile_options(gf_otlp_options INTERFACE -Werror)
endif()
if(GF_OTLP_SANITIZE)
  target_compile_options(gf_otlp_options INTERFACE -fsanitize=${GF_OTLP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(gf_otlp_options INTERFACE -fsanitize=${GF_OTLP_SANITIZE})
endif()
