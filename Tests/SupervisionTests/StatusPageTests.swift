import Testing

@testable import Supervision

struct StatusPageTests {
    @Test func `a stage's curve begins where the one before it ended`() {
        let points = [(100.0, 3.0), (300, 2), (100, 1.5), (200, 1)].map { RunState.Point(x: $0, y: $1) }
        let curve = StatusPage.curve(points)
        #expect(curve.contains(#"points="0.0,0.0 666.7,50.0 666.7,75.0 1000.0,100.0""#), "\(curve)")
        #expect(curve.contains("1.0 to 3.0"))
    }

    @Test func `what a run calls itself cannot write markup into the page`() {
        #expect(StatusPage.escaped(#"<b a="c">&'"#) == "&lt;b a=&quot;c&quot;&gt;&amp;&#39;")
    }
}
