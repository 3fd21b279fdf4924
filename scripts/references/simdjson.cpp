// Messages of Binance read with simdjson, member by member in the order in which they come, into the same numbers that the
// decoders make of them: the reference of `oms bench decode.*`.
//
//   simdjson KIND FILE NANOSECONDS OUT
//
// KIND: ticker, depth or order. FILE: a message in each line. Reads them round and round for so long and writes to OUT how
// many picoseconds one took in the median of batches, and the sum of what was found in one round.

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

using namespace simdjson;

namespace {

/// A decimal without a sign at a scale, as an integer; digits beyond the scale are zeros.
int64_t fixed(std::string_view text, int scale) {
  int64_t value = 0;
  size_t place = 0;
  while (place < text.size() && text[place] != '.') value = value * 10 + (text[place++] - '0');
  place++;
  for (int digit = 0; digit < scale; digit++, place++) {
    value = value * 10 + (place < text.size() ? text[place] - '0' : 0);
  }
  return value;
}

constexpr int priceScale = 2;
constexpr int quantityScale = 5;

struct Level {
  int64_t price;
  int64_t quantity;
};

struct Reader {
  ondemand::parser parser;
  std::vector<Level> bids, asks;
  // What is made of an order besides what is summed: kept, so that it has to be made.
  int64_t sink = 0;

  uint64_t ticker(const padded_string &message) {
    ondemand::document document = parser.iterate(message);
    ondemand::object object = document.get_object();
    sink += int64_t(object.find_field("u").get_int64());
    std::string_view symbol = object.find_field("s").get_string();
    sink += symbol.size();
    int64_t bid = fixed(object.find_field("b").get_string(), priceScale);
    sink += fixed(object.find_field("B").get_string(), quantityScale);
    sink += fixed(object.find_field("a").get_string(), priceScale);
    int64_t askQuantity = fixed(object.find_field("A").get_string(), quantityScale);
    return uint64_t(bid ^ askQuantity);
  }

  void side(ondemand::array array, std::vector<Level> &levels) {
    levels.clear();
    for (ondemand::array pair : array) {
      Level level{};
      int place = 0;
      for (auto word : pair) {
        if (place == 0) level.price = fixed(word.get_string(), priceScale);
        if (place == 1) level.quantity = fixed(word.get_string(), quantityScale);
        place++;
      }
      levels.push_back(level);
    }
  }

  uint64_t depth(const padded_string &message) {
    ondemand::document document = parser.iterate(message);
    ondemand::object object = document.get_object();
    sink += int64_t(object.find_field("E").get_int64());
    std::string_view symbol = object.find_field("s").get_string();
    sink += symbol.size();
    sink += int64_t(object.find_field("U").get_int64());
    int64_t last = object.find_field("u").get_int64();
    side(object.find_field("b").get_array(), bids);
    side(object.find_field("a").get_array(), asks);
    sink += bids.size() + asks.size();
    return uint64_t(last);
  }

  uint64_t order(const padded_string &message) {
    ondemand::document document = parser.iterate(message);
    ondemand::object outer = document.get_object();
    sink += int64_t(outer.find_field("subscriptionId").get_int64());
    ondemand::object object = outer.find_field("event").get_object();
    auto text = [&](const char *name) { return std::string_view(object.find_field(name).get_string()); };
    auto number = [&](const char *name) { return int64_t(object.find_field(name).get_int64()); };
    sink += number("E");
    for (const char *name : {"s", "c", "S", "o", "f"}) sink += text(name).size();
    sink += fixed(text("q"), quantityScale);
    sink += fixed(text("p"), priceScale);
    sink += fixed(text("P"), priceScale);
    for (const char *name : {"C", "x", "X", "r"}) sink += text(name).size();
    sink += number("i");
    sink += fixed(text("l"), quantityScale);
    sink += fixed(text("z"), quantityScale);
    sink += fixed(text("L"), priceScale);
    sink += fixed(text("n"), 8);
    sink += text("N").size();
    sink += number("T");
    int64_t trade = number("t");
    sink += bool(object.find_field("m").get_bool());
    return uint64_t(trade);
  }
};

}  // namespace

int main(int count, char **words) {
  if (count != 5) {
    std::fprintf(stderr, "usage: simdjson KIND FILE NANOSECONDS OUT\n");
    return 64;
  }
  std::string kind = words[1];
  std::vector<padded_string> messages;
  std::ifstream file(words[2]);
  for (std::string line; std::getline(file, line);) messages.emplace_back(line);
  if (messages.empty()) return 66;
  Reader reader;
  uint64_t (Reader::*read)(const padded_string &) = kind == "ticker"  ? &Reader::ticker
                                                    : kind == "depth" ? &Reader::depth
                                                                      : &Reader::order;
  try {
    uint64_t sum = 0;
    for (const auto &message : messages) sum += (reader.*read)(message);
    std::vector<int64_t> batches;
    auto now = [] { return std::chrono::steady_clock::now(); };
    auto end = now() + std::chrono::nanoseconds(std::atoll(words[3]));
    uint64_t check = 0;
    do {
      auto begin = now();
      for (const auto &message : messages) check += (reader.*read)(message);
      auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(now() - begin).count();
      batches.push_back(took * 1000 / int64_t(messages.size()));
    } while (now() < end || batches.size() < 2);
    if (check != sum * batches.size()) return 70;
    std::sort(batches.begin(), batches.end());
    std::ofstream out(words[4]);
    out << batches[batches.size() / 2] << " " << sum << "\n";
    return out.good() && reader.sink != 0 ? 0 : 74;
  } catch (const simdjson_error &error) {
    std::fprintf(stderr, "simdjson: %s\n", error.what());
    return 65;
  }
}
