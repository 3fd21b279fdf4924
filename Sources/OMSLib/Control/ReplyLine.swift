/// The lines of an answer.
package enum ReplyLine {
  /// `{"req":N,"data":{OBJECT}}`; `object` is the bytes of one JSON object.
  package static func data(_ object: [UInt8], request: UInt64) -> [UInt8] {
    wrap(request) { json in
      json.member("data", raw: object)
    }
  }

  package static func note(_ text: String, request: UInt64) -> [UInt8] {
    wrap(request) { json in
      json.member("note", text)
    }
  }

  package static func end(exit: UInt8, request: UInt64) -> [UInt8] {
    wrap(request) { json in
      json.name("end")
      json.beginObject()
      json.member("exit", exit)
      json.endObject()
    }
  }

  /// The `error` object of the command line; the client adds `type`, `v`, `ts` and its own command.
  package static func error(_ error: RequestError, request: UInt64) -> [UInt8] {
    wrap(request) { json in
      json.name("error")
      json.beginObject()
      json.member("code", error.code)
      json.member("exit", error.exit)
      json.member("message", error.message)
      json.member("hint", error.hint)
      json.member("sent", error.sent)
      json.member("retry", error.retry.rawValue)
      json.member("retry_after_ms", error.retryAfterMilliseconds)
      json.member("command", error.command)
      json.member("id", error.id)
      json.member("account", error.account)
      json.member("symbol", error.symbol)
      json.member("venue", error.venue)
      json.member("venue_code", error.venueCode)
      json.member("venue_message", error.venueMessage)
      json.endObject()
    }
  }

  private static func wrap(_ request: UInt64, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.member("req", request)
    body(&json)
    json.endObject()
    json.endLine()
    return json.bytes
  }
}
