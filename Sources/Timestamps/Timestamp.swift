#if canImport(Glibc)
import Glibc
#endif

/// A moment in whole seconds of UTC, with the formats of our protocols.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Returns the time of the system's clock.
    package static func now() -> Timestamp { Timestamp(seconds: time(nil)) }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }

    /// Returns the moment `right` seconds later.
    package static func + (left: Timestamp, right: Int) -> Timestamp { Timestamp(seconds: left.seconds + right) }

    /// RFC 3339 in UTC: `2026-01-02T03:04:05Z`. <https://www.rfc-editor.org/rfc/rfc3339>
    package var rfc3339: String { format("%Y-%m-%dT%H:%M:%SZ") }

    /// The basic format that SigV4 signs: `20260102T030405Z`.
    package var basic: String { format("%Y%m%dT%H%M%SZ") }

    /// `20260102-030405`, as in a run's ID.
    package var compact: String { format("%Y%m%d-%H%M%S") }

    /// The date of an HTTP header: `Fri, 02 Jan 2026 03:04:05 GMT`. <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
    package var http: String { format("%a, %d %b %Y %H:%M:%S GMT") }

    /// The ``rfc3339`` form.
    package var description: String { rfc3339 }

    /// Returns days since 1970-01-01 in the proleptic Gregorian calendar.
    ///
    /// Counts in eras of 400 years that begin in March.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Formats with strftime: the C locale has fixed English names, and the program never calls setlocale for LC_TIME.
    private func format(_ pattern: String) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let length = strftime(buffer.baseAddress, buffer.count, pattern, &parts)
            return String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
