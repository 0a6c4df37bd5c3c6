#include "failover/errant.hpp"

#include <catch2/catch.hpp>

using namespace pointsman;
using namespace pointsman::failover;

namespace {

const std::string uuid = "69d890d8-e704-11f1-9b0f-02fc00000001";

// What mysqlbinlog 9.7.4 writes around everything.
const std::string frame = R"(
/*!50530 SET @@SESSION.PSEUDO_SLAVE_MODE=1*/;
DELIMITER /*!*/;
# at 4
#700101  0:00:00 server id 1  end_log_pos 0 	Rotate to binlog.000001  pos: 4
#261123  6:09:13 server id 1  end_log_pos 127 CRC32 0xa5f04e48 	Start: binlog v 4, server v 9.7.4
ROLLBACK/*!*/;
BINLOG '
idgDaw8BAAAAewAAAH8AAAAAAAQAOS43LjQtMgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
'/*!*/;
#261123  6:09:13 server id 1  end_log_pos 158 CRC32 0x557917e3 	Previous-GTIDs
)";

std::string transaction(int number, const std::string& body)
{
    return "#261123  6:09:19 server id 1  end_log_pos 712 CRC32 0x0c6bb184 	GTID	"
           "last_committed=2\n"
           "/*!80001 SET @@session.original_commit_timestamp=1795414159245583*//*!*/;\n"
           "SET @@SESSION.GTID_NEXT= '" +
           uuid + ":" + std::to_string(number) +
           "'/*!*/;\n"
           "#261123  6:09:19 server id 1  end_log_pos 802 CRC32 0x8fc6a773 	Query	"
           "thread_id=17\n"
           "SET TIMESTAMP=1795414159/*!*/;\n/*!\\C utf8mb4 *//*!*/;\n" +
           body + "\n/*!*/;\n";
}

ErrantContent read(const std::string& text)
{
    ErrantReader reader;
    std::size_t at = 0;
    while (at < text.size()) {
        auto end = std::min(text.find('\n', at), text.size());
        reader.line(std::string_view(text).substr(at, end - at));
        at = end + 1;
    }
    return reader.content();
}

}  // namespace

TEST_CASE("statements that change no data are told from those that do")
{
    const auto* harmless = GENERATE("FLUSH PRIVILEGES", "FLUSH TABLES", "ANALYZE TABLE app.t",
                                    "BEGIN\n/*!*/;\nCOMMIT", "use `app`/*!*/;\nFLUSH TABLES `t`");
    auto nothing = read(frame + transaction(3, harmless));
    CHECK(nothing.changed_nothing());
    CHECK(to_text(nothing) == "1 transaction (" + uuid + ":3): they changed nothing");
    const auto* harmful =
        GENERATE("CREATE TABLE app.u(a INT)", "UPDATE t\nSET a = 1", "# note\nDROP TABLE t",
                 "/* note */ DROP TABLE t", "/*!50000 DROP TABLE t*/", "FLUSHED", "0x");
    CHECK_FALSE(read(frame + transaction(3, harmful)).changed_nothing());
}

TEST_CASE("row changes are named by table, never by value")
{
    auto content = read(frame + transaction(6, "BEGIN") +
                        "#261123  6:09:19 server id 1  end_log_pos 1323 CRC32 0x079ff79e 	"
                        "Table_map: `app`.`t` mapped to number 87\n"
                        "#261123  6:09:19 server id 1  end_log_pos 1370 CRC32 0x629e1373 	"
                        "Write_rows: table id 87 flags: STMT_END_F\n\nBINLOG '\n"
                        "j9gDaxMBAAAANgAAACsFAAAAAFcAAAAAAAEAA2FwcAABdAACAw8CUAADAQEAAgP8/wCe958H\n"
                        "'/*!*/;\n### INSERT INTO `app`.`t`\n### SET\n###   @1=2\n"
                        "###   @2='secret'\n#261123  6:09:19 server id 1  end_log_pos 1401 CRC32 "
                        "0x7ae2ec61 	Xid = 35\nCOMMIT/*!*/;\n" +
                        transaction(7, "CREATE USER x IDENTIFIED BY 'secret'"));
    CHECK(to_text(content) ==
          "2 transactions (" + uuid + ":6-7): 1 CREATE USER, 1 INSERT INTO `app`.`t`");
}

TEST_CASE("an event that nobody has told us of counts as a change")
{
    auto text =
        frame + transaction(1, "BEGIN") +
        "#261123  6:09:19 server id 1  end_log_pos 1370 CRC32 0x629e1373 	New_event: 7\n";
    CHECK_FALSE(read(text).changed_nothing());
}
