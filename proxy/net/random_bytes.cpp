#include "proxy/net/random_bytes.hpp"

#include <openssl/rand.h>

namespace pointsman::proxy::net {

void fill_random(protocol::MutableBytes bytes)
{
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace pointsman::proxy::net
