// SPDX-License-Identifier: GPL-2.0-or-later
// What a C++ compiler is given to do: templates, deep and many.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int n> struct tower {
	std::map<std::string, std::vector<tower<n - 1>>> inner;
	std::variant<int, std::string, std::tuple<char[n]>> other;
	int sum() const
	{
		int total = n;
		for (const auto &[key, list] : inner) {
			total += key.size();
			for (const auto &one : list)
				total += one.sum();
		}
		std::visit([&](const auto &v) { total += sizeof(v); }, other);
		return total;
	}
};

template <> struct tower<0> {
	int sum() const
	{
		return 0;
	}
};

template struct tower<120>;

int main(int argc, char **argv)
{
	std::unordered_map<std::string, std::function<int(const std::string &)>> calls;
	std::regex word("(\\w+)-(\\d+)");
	std::vector<std::string> all(argv, argv + argc);

	calls["sum"] = [](const std::string &) { return tower<60>().sum(); };
	calls["match"] = [&](const std::string &s) { return std::regex_match(s, word) ? 1 : 0; };
	std::sort(all.begin(), all.end(), [](auto &a, auto &b) { return a.size() < b.size(); });
	for (const auto &s : all)
		std::cout << calls[s](s) << '\n';
}
