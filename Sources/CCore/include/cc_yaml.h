// Reading YAML as a stream of events, with the place of each. A thin face of libyaml: it decides nothing.
#ifndef CC_YAML_H
#define CC_YAML_H

#include <stddef.h>
#include <stdint.h>

enum {
  cc_yaml_stream_start = 1,
  cc_yaml_stream_end = 2,
  cc_yaml_document_start = 3,
  cc_yaml_document_end = 4,
  cc_yaml_alias = 5,
  cc_yaml_scalar = 6,
  cc_yaml_sequence_start = 7,
  cc_yaml_sequence_end = 8,
  cc_yaml_mapping_start = 9,
  cc_yaml_mapping_end = 10,
  /// The text is not YAML; `text` says why. No event follows.
  cc_yaml_failure = 11,
};

/// One event. `text` is valid until the next call on the same parser and is followed by a NUL that `length` does not
/// count; it may contain NULs itself.
typedef struct {
  const uint8_t *text;
  size_t length;
  /// Counted from 1; the column in characters, not bytes.
  uint32_t line;
  uint32_t column;
  uint8_t kind;
  /// Scalars: 1 when written without quotes.
  uint8_t is_plain;
  uint8_t has_anchor;
  /// A tag on a node, or a directive in front of a document.
  uint8_t has_tag;
  uint8_t pad[4];
} cc_yaml_event;

_Static_assert(sizeof(cc_yaml_event) == 32, "the padding is spelled out");

typedef struct cc_yaml cc_yaml;

/// A parser of `length` bytes of UTF-8 that the caller keeps in place until cc_yaml_close; NULL when memory is short.
cc_yaml *cc_yaml_open(const uint8_t *bytes, size_t length);
void cc_yaml_close(cc_yaml *parser);
/// Fills `out` with the next event. After the stream's end or a failure it repeats that event.
void cc_yaml_next(cc_yaml *parser, cc_yaml_event *out);

#endif
