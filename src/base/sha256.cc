#include "base/sha256.h"

#include <openssl/evp.h>

#include <bit>
#include <new>

namespace gf_otlp {

std::array<char, 32> Sha256(std::string_view bytes) {
  // Looking the algorithm up costs more than hashing a short text: once, for the life of the process.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> hash;
  // Of a known algorithm, only memory can be missing.
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, algorithm, nullptr) != 1) throw std::bad_alloc();
  return std::bit_cast<std::array<char, 32>>(hash);
}

}  // namespace gf_otlp
