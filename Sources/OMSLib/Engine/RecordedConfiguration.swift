/// A configuration as the journal has it: its text as a blob, and the input that says from where on it counts.
struct RecordedConfiguration {
  let blob: Blob

  /// `number` tells it from other blobs of the journal.
  init(_ settings: EngineSettings, number: UInt64) {
    var text = Array(settings.text.utf8)
    if text.count > Blob.bytesMax { text = Array(text[..<Blob.bytesMax]) }
    blob = Blob(number: number, kind: .configuration, text)
  }

  func input(isReload: Bool) -> ConfigurationInput {
    var input = ConfigurationInput()
    input.digest = blob.commit.digest
    input.blob = blob.commit.blob
    input.byteCount = blob.commit.totalBytes
    input.isReload = isReload ? 1 : 0
    return input
  }
}

extension ControlAgent {
  /// Puts the configuration of a reload into the record.
  func record(_ settings: EngineSettings) -> ConfigurationInput {
    let configuration = RecordedConfiguration(settings, number: UInt64(facts.epoch) << 32 | makeToken() & 0xFFFF_FFFF)
    for part in configuration.blob.parts { ask(HotMessage(.blob, part)) }
    ask(HotMessage(.commit, configuration.blob.commit))
    let input = configuration.input(isReload: true)
    ask(HotMessage(.configuration, input))
    return input
  }
}
