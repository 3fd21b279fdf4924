import OMSLib

@main
enum Omsim {
  static func main() {}
}
