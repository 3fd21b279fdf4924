import Testing

@testable import OMSLib

@Suite struct MachineDiagnosisTests {
  @Test func swapInUseIsWhatIsNotFree() {
    #expect(MachineDiagnosis.swapUsed("MemTotal: 8 kB SwapTotal: 2000 kB SwapFree: 1500 kB") == 500)
    #expect(MachineDiagnosis.swapUsed("MemTotal: 8 kB") == 0)
  }

  @Test func everyFindingThatIsNotFineHasAFix() {
    let found = MachineDiagnosis.machine() + MachineDiagnosis.limits(state: "/nowhere/at/all", clock: SystemClock())
    #expect(found.count > 8)
    for diagnosis in found { #expect((diagnosis.fix == nil) == (diagnosis.status == .ok), "\(diagnosis.name)") }
  }
}
