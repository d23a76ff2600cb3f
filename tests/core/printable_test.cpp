// Nothing that a terminal obeys passes, and nothing that a reader needs is lost.
#include "harness/core/printable.hpp"

#include "tests/catch.hpp"

using namespace headcount;

TEST_CASE("escape sequences and control characters lose their power") {
    CHECK(printable("\x1b[31mred\x1b[0m") == "?[31mred?[0m");
    CHECK(printable("\x1b]0;title\x07") == "?]0;title?");
    CHECK(printable(std::string_view("a\0b\rc\bd\x7f", 8)) == "a?b?c?d?");
    CHECK(printable("\xc2\x9b"
                    "31m") == "?31m");  // C1: a control sequence in one character
    CHECK(printable("two\nlines\tand a tab") == "two lines and a tab");
    CHECK(printable_lines("two\nlines\tand\r") == "two\nlines\tand?");
}

TEST_CASE("text that reads otherwise than it stands is shown") {
    CHECK(printable("a\xe2\x80\xae"
                    "b") == "a?b");  // right-to-left override
    CHECK(printable("a\xe2\x81\xa6"
                    "b\xe2\x80\xa8") == "a?b?");
}

TEST_CASE("UTF-8 stays, what is none does not") {
    CHECK(printable("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82") == "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82");
    CHECK(printable("\x9b"
                    "31m") == "?31m");
    CHECK(printable("\xc0\x9b") == "??");          // overlong
    CHECK(printable("\xe0\x82\x9b") == "???");     // overlong
    CHECK(printable("\xed\xa0\x80") == "???");     // surrogate
    CHECK(printable("cut \xe2\x82") == "cut ??");  // at the end
    CHECK(printable("\xf5\x80\x80\x80") == "????");
    CHECK(printable("").empty());
}
