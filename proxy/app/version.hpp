#pragma once

#include <string_view>

namespace pointsman::proxy {

constexpr std::string_view version = "0.1.0";

}  // namespace pointsman::proxy
