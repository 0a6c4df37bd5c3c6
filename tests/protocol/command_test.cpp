#include "protocol/command.hpp"

#include <catch2/catch.hpp>

namespace pointsman::protocol {

TEST_CASE("every byte has traits of its own")
{
    for (int byte = 0; byte < 256; ++byte) {
        const CommandTraits& traits = traits_of(static_cast<Command>(byte));
        CHECK(static_cast<int>(traits.command) == byte);
        CHECK_FALSE(traits.name.empty());
    }
}

TEST_CASE("commands have the response that the manual describes")
{
    struct Row {
        int byte;
        std::string_view name;
        ResponseShape response;
    };
    for (const Row& row :
         {Row{0x00, "SLEEP", ResponseShape::refused}, Row{0x01, "QUIT", ResponseShape::none},
          Row{0x03, "QUERY", ResponseShape::result_sets},
          Row{0x04, "FIELD_LIST", ResponseShape::column_definitions},
          Row{0x09, "STATISTICS", ResponseShape::text},
          Row{0x0e, "PING", ResponseShape::one_packet},
          Row{0x11, "CHANGE_USER", ResponseShape::authentication},
          Row{0x12, "BINLOG_DUMP", ResponseShape::stream},
          Row{0x16, "STMT_PREPARE", ResponseShape::prepare},
          Row{0x17, "STMT_EXECUTE", ResponseShape::result_sets},
          Row{0x18, "STMT_SEND_LONG_DATA", ResponseShape::none},
          Row{0x19, "STMT_CLOSE", ResponseShape::none},
          Row{0x1c, "STMT_FETCH", ResponseShape::rows},
          Row{0x1f, "RESET_CONNECTION", ResponseShape::one_packet},
          Row{0x22, "Unknown", ResponseShape::refused},
          Row{0xfa, "STMT_BULK_EXECUTE", ResponseShape::result_sets},
          Row{0xff, "Unknown", ResponseShape::refused}}) {
        INFO(row.byte);
        const CommandTraits& traits = traits_of(static_cast<Command>(row.byte));
        CHECK(traits.name == row.name);
        CHECK((traits.response == row.response));
    }
}

}  // namespace pointsman::protocol
