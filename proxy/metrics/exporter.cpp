#include "proxy/metrics/exporter.hpp"

#include <prometheus/text_serializer.h>

namespace pointsman::proxy {

std::string Exporter::text() const
{
    return prometheus::TextSerializer{}.Serialize(metrics_.Collect());
}

}  // namespace pointsman::proxy
