@main struct Caasctl { static func main() {} }
