#include "gf_otlp/padded_buffer.h"
