#include "cc_yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct cc_yaml {
  yaml_parser_t parser;
  yaml_event_t event;
  /// The last event, once it is one that nothing follows.
  cc_yaml_event last;
  int holds_event;
  int is_done;
};

cc_yaml *cc_yaml_open(const uint8_t *bytes, size_t length) {
  cc_yaml *self = calloc(1, sizeof *self);
  if (!self)
    return NULL;
  if (!yaml_parser_initialize(&self->parser)) {
    free(self);
    return NULL;
  }
  yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&self->parser, bytes, length);
  return self;
}

void cc_yaml_close(cc_yaml *self) {
  if (self->holds_event)
    yaml_event_delete(&self->event);
  yaml_parser_delete(&self->parser);
  free(self);
}

static void describe_failure(const yaml_parser_t *parser, cc_yaml_event *out) {
  const char *why = parser->problem ? parser->problem : "not YAML";
  out->kind = cc_yaml_failure;
  out->text = (const uint8_t *)why;
  out->length = strlen(why);
  out->line = (uint32_t)parser->problem_mark.line + 1;
  out->column = (uint32_t)parser->problem_mark.column + 1;
}

static void describe_event(const yaml_event_t *event, cc_yaml_event *out) {
  out->line = (uint32_t)event->start_mark.line + 1;
  out->column = (uint32_t)event->start_mark.column + 1;
  switch (event->type) {
  case YAML_STREAM_START_EVENT:
    out->kind = cc_yaml_stream_start;
    break;
  case YAML_DOCUMENT_START_EVENT:
    out->kind = cc_yaml_document_start;
    out->has_tag = event->data.document_start.version_directive != NULL ||
                   event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end;
    break;
  case YAML_DOCUMENT_END_EVENT:
    out->kind = cc_yaml_document_end;
    break;
  case YAML_ALIAS_EVENT:
    out->kind = cc_yaml_alias;
    break;
  case YAML_SCALAR_EVENT:
    out->kind = cc_yaml_scalar;
    out->text = event->data.scalar.value;
    out->length = event->data.scalar.length;
    out->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    out->has_anchor = event->data.scalar.anchor != NULL;
    out->has_tag = event->data.scalar.tag != NULL;
    break;
  case YAML_SEQUENCE_START_EVENT:
    out->kind = cc_yaml_sequence_start;
    out->has_anchor = event->data.sequence_start.anchor != NULL;
    out->has_tag = event->data.sequence_start.tag != NULL;
    break;
  case YAML_SEQUENCE_END_EVENT:
    out->kind = cc_yaml_sequence_end;
    break;
  case YAML_MAPPING_START_EVENT:
    out->kind = cc_yaml_mapping_start;
    out->has_anchor = event->data.mapping_start.anchor != NULL;
    out->has_tag = event->data.mapping_start.tag != NULL;
    break;
  case YAML_MAPPING_END_EVENT:
    out->kind = cc_yaml_mapping_end;
    break;
  case YAML_STREAM_END_EVENT:
  case YAML_NO_EVENT:
    out->kind = cc_yaml_stream_end;
    break;
  }
}

void cc_yaml_next(cc_yaml *self, cc_yaml_event *out) {
  if (self->is_done) {
    *out = self->last;
    return;
  }
  if (self->holds_event)
    yaml_event_delete(&self->event);
  memset(out, 0, sizeof *out);
  self->holds_event = yaml_parser_parse(&self->parser, &self->event);
  if (self->holds_event)
    describe_event(&self->event, out);
  else
    describe_failure(&self->parser, out);
  self->is_done = out->kind == cc_yaml_stream_end || out->kind == cc_yaml_failure;
  self->last = *out;
}
