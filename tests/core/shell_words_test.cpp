// A command that is printed is the command that was meant: a shell reads the words back, from one line of plain text.
#include "harness/core/shell_words.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "harness/core/printable.hpp"
#include "tests/catch.hpp"

using namespace headcount;

namespace {

/// What `sh -c` gives a program of these words, each ended by a line of its own.
std::string read_back(const std::vector<std::string>& words) {
    const std::string command = "printf '%s\\n--\\n' " + shell_words(words);
    FILE* pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): the shell is what is tested
    REQUIRE(pipe != nullptr);
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
    CHECK(::pclose(pipe) == 0);
    return text;
}

const std::vector<std::string> kWords{"plain",
                                      "results/host-1/a_b.jsonl",
                                      "",
                                      "two words",
                                      "it's a \"test\" \xc3\xbc",
                                      "$HOME `id` $(id) \\ \\n !x * ? [a] {a,b} ~ # ; & | < > ( )",
                                      "~/x",
                                      "--flag=a b",
                                      "line\nbreak",
                                      "it's\na\t\"100 %\" \\101 \xc3\xbc $HOME",
                                      "-n\n1",
                                      "ends\n",
                                      "\n",
                                      "tab\tonly",
                                      "not \xff text",
                                      "a\xe2\x80\xae"
                                      "b",
                                      "\x1b[31mred"};

}  // namespace

TEST_CASE("a shell reads every word as it was") {
    std::string expected;
    for (const std::string& word : kWords) {
        CAPTURE(word, shell_word(word));
        CHECK(read_back({word}) == word + "\n--\n");
        expected += word + "\n--\n";
    }
    CHECK(read_back(kWords) == expected);
}

TEST_CASE("plain words stay as they are, and nothing in a command is hidden or moves a terminal") {
    CHECK(shell_words({"headcount", "verify", "results/a.jsonl", "--set", "num_heads=1,8"}) ==
          "headcount verify results/a.jsonl --set num_heads=1,8");
    CHECK(shell_word("two words") == "'two words'");
    for (const std::string& word : kWords) {
        if (!word.empty() && word.back() == '\n') continue;
        CHECK(printable(shell_word(word)) == shell_word(word));
    }
}
