extension Double {
    /// Returns the number rounded to `digits` decimal places.
    func rounded(_ digits: Int) -> Double {
        let factor = (0..<digits).reduce(1.0) { value, _ in value * 10 }
        return (self * factor).rounded() / factor
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
