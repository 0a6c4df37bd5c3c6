// A digest is bounded, and its hash is that of its text unless the text had to be cut.

#include "protocol/sql/digest.hpp"

#include "tests/fuzz/sql_input.hpp"

using namespace pointsman::protocol::sql;
using pointsman::tests::require;

extern "C" int LLVMFuzzerTestOneInput(const pointsman::protocol::Byte* bytes, std::size_t size)
{
    constexpr std::size_t longest = 64;
    const auto sql = pointsman::tests::sql_input(bytes, size);
    const Digest cut = digest(sql.text, sql.dialect, longest);
    const Digest whole = digest(sql.text, sql.dialect, 8 * sql.text.size() + 64);
    require(cut.text.size() <= longest, "the length is bounded");
    require(!whole.truncated, "a digest grows no faster than its statement");
    require(cut.hash == whole.hash, "cutting does not change the hash");
    require(whole.text.substr(0, longest) == cut.text, "cutting keeps the front");
    return 0;
}
