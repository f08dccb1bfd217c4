import Testing
import Timestamps

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_767_323_045, "2026-01-02T03:04:05Z", "Fri, 02 Jan 2026 03:04:05 GMT"),
        (4_102_444_799, "2099-12-31T23:59:59Z", "Thu, 31 Dec 2099 23:59:59 GMT"),
        (-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func `a moment is written and read in each form`(seconds: Int, rfc3339: String, http: String) {
        let moment = Timestamp(seconds: seconds)
        #expect(moment.rfc3339 == rfc3339)
        #expect("\(moment)" == rfc3339)
        #expect(moment.http == http)
        #expect(Timestamp(rfc3339: rfc3339) == moment)
        #expect(Timestamp(http: http) == moment)
    }

    @Test func `the compact forms are those of SigV4 and of run ids`() {
        let moment = Timestamp(seconds: 1_767_323_045)
        #expect(moment.basic == "20260102T030405Z")
        #expect(moment.compact == "20260102-030405")
    }

    @Test(arguments: [
        ("2026-01-02T03:04:05.999999999Z", 1_767_323_045), ("2026-01-02t03:04:05z", 1_767_323_045),
        ("2026-01-02 03:04:05", 1_767_323_045), ("2026-01-02T05:04:05+02:00", 1_767_323_045),
        ("2026-01-01T21:34:05-05:30", 1_767_323_045), ("2026-01-02T03:04:05+0000", 1_767_323_045),
        ("2016-12-31T23:59:60Z", 1_483_228_800),
    ])
    func `offsets, fractions and leap seconds of RFC 3339 are read`(text: String, seconds: Int) {
        #expect(Timestamp(rfc3339: text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026-01-02", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "26-01-01T00:00:00Z", "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+", "2026-01-01T00:00:00Z+01:00", "2026-01-01T00:00:6",
        "２026-01-01T00:00:00Z",
    ])
    func `what is no RFC 3339 is refused`(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test(arguments: [
        "", "now", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 28:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49",
    ])
    func `other dates than HTTP's preferred one give nothing`(text: String) { #expect(Timestamp(http: text) == nil) }

    @Test func `days of four centuries are read as they were written`() {
        for day in stride(from: -60_000, to: 90_000, by: 61) {
            let moment = Timestamp(seconds: day * 86_400 + 45_296)
            guard Timestamp(rfc3339: moment.rfc3339) == moment else {
                Issue.record("\(moment.rfc3339) is not read as written")
                return
            }
        }
    }

    @Test func `moments are ordered and move`() {
        #expect(Timestamp(seconds: 1) < Timestamp(seconds: 2))
        #expect(Timestamp(seconds: 1) + 5 == Timestamp(seconds: 6))
        #expect(Timestamp.now() > Timestamp(seconds: 1_700_000_000))
    }
}
