import OMSLib

@main
enum Oms {
  static func main() {}
}
