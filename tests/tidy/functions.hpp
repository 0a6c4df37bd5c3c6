#pragma once
// Where functions begin and end, found by braces: enough for measuring them, not a parser.

#include "tests/tidy/source.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pointsman::tidy {

struct FunctionExtent {
    std::size_t first_line = 0, last_line = 0;  // from 1, signature to closing brace
    std::size_t lines() const { return last_line - first_line + 1; }
};

/// Finds the functions of one blanked file. Lambdas and local classes count to their function.
class FunctionFinder {
public:
    std::vector<FunctionExtent> find(const std::vector<std::string>& code)
    {
        for (line_ = 1; line_ <= code.size(); ++line_) {
            const auto& text = code[line_ - 1];
            auto first = text.find_first_not_of(' ');
            if (first != text.npos && text[first] == '#') continue;
            for (char c : text) see(c);
            see(' ');
        }
        return std::move(found_);
    }

private:
    void see(char c)
    {
        if (c == '{') return open();
        if (c == '}') return close();
        if (depth_ > 0) return;
        if (c == ';' && parentheses_ == 0) return reset();
        if (c == '(') ++parentheses_;
        if (c == ')' && parentheses_ > 0) --parentheses_;
        if (head_.empty() && c == ' ') return;
        if (head_.empty()) head_line_ = line_;
        head_ += c;
        // An access specifier is no part of what follows it.
        if (head_ == "public:" || head_ == "private:" || head_ == "protected:") reset();
    }

    void open()
    {
        if (depth_ > 0) return void(++depth_);
        if (opens_scope()) return reset();
        depth_ = 1;
        body_is_function_ = parentheses_ == 0 && is_function_head();
        // Braces inside a head (default arguments, members in an initializer list) leave it open.
        keeps_head_ = !body_is_function_;
    }

    void close()
    {
        if (depth_ == 0) return reset();  // end of a namespace or class
        if (--depth_ > 0) return;
        if (body_is_function_) found_.push_back({head_line_, line_});
        if (keeps_head_)
            head_ += '}';
        else
            reset();
    }

    void reset()
    {
        head_.clear();
        parentheses_ = 0;
    }

    bool has_word(std::string_view word) const
    {
        for (auto at = head_.find(word); at != head_.npos; at = head_.find(word, at + 1)) {
            auto end = at + word.size();
            if ((at == 0 || !is_word(head_[at - 1])) &&
                (end == head_.size() || !is_word(head_[end])))
                return true;
        }
        return false;
    }

    /// namespace, class and the like: what stands inside is looked at as outside of functions.
    bool opens_scope() const
    {
        if (parentheses_ > 0) return false;
        auto head = behind_template();
        auto starts = [&](std::string_view word) { return head.starts_with(word); };
        if (starts("namespace") || starts("inline namespace") || starts("extern ")) return true;
        return (starts("class ") || starts("struct ") || starts("union ")) &&
               head.find('=') == head.npos;
    }

    std::string_view behind_template() const
    {
        std::string_view head = head_;
        if (!head.starts_with("template")) return head;
        std::size_t depth = 0;
        for (std::size_t i = 0; i < head.size(); ++i) {
            if (head[i] == '<') ++depth;
            if (head[i] != '>' || --depth > 0) continue;
            auto begin = head.find_first_not_of(' ', i + 1);
            return begin == head.npos ? std::string_view{} : head.substr(begin);
        }
        return head;
    }

    bool is_function_head() const
    {
        if (head_.find(')') == head_.npos || has_word("enum")) return false;
        if (!has_parameters_after_last_assignment()) return false;
        auto last = head_.find_last_not_of(' ');
        return !has_initializer_list() || head_[last] == ')' || head_[last] == '}';
    }

    /// False for `type name = ` in front of the braces of a table.
    bool has_parameters_after_last_assignment() const
    {
        std::size_t depth = 0;
        bool seen = false;
        for (char c : head_) {
            if (c == '(' && depth++ == 0) seen = true;
            if (c == ')' && depth > 0) --depth;
            if (c == '=' && depth == 0) seen = false;
        }
        return seen;
    }

    /// A constructor's `) : member`, where a brace behind a name initializes that member.
    bool has_initializer_list() const
    {
        for (auto at = head_.find(')'); at != head_.npos; at = head_.find(')', at + 1)) {
            auto next = head_.find_first_not_of(' ', at + 1);
            if (next == head_.npos) return false;
            if (head_.compare(next, 8, "noexcept") == 0)
                next = head_.find_first_not_of(' ', next + 8);
            if (next != head_.npos && head_[next] == ':' && head_.compare(next, 2, "::") != 0)
                return true;
        }
        return false;
    }

    std::vector<FunctionExtent> found_;
    std::string head_;  // since the last end of something
    std::size_t line_ = 0, head_line_ = 0;
    std::size_t depth_ = 0;  // of braces that are no scope
    std::size_t parentheses_ = 0;
    bool body_is_function_ = false, keeps_head_ = false;
};

}  // namespace pointsman::tidy
