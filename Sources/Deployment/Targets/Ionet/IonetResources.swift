package import Definitions
package import JSON

/// The `resources` of a manifest for io.net: the hardware to rent, and the duration.
package struct IonetResources: Sendable, Hashable {
    /// io.net's name of the hardware, such as `H100`; nil if ``hardwareID`` is set instead.
    package var gpu: String?
    /// The number of GPUs.
    package var gpus: Int
    /// Countries as two-letter codes, names or IDs; empty for any location.
    package var locations: [String]
    /// The rental time in whole hours, which are paid in advance.
    package var hours: Int
    /// io.net's hardware ID, as a number or text as written in the file.
    package var hardwareID: JSONValue?
    /// io.net's location IDs.
    package var locationIDs: [JSONValue]

    package init(_ value: YAMLValue) throws {
        let fields = try YAMLFields(
            value, known: ["gpu", "gpus", "locations", "hours", "hardware_id", "location_ids"])
        gpu = try fields["gpu"]?.text()
        gpus = try fields["gpus"]?.whole(atLeast: 1) ?? 1
        locations = try fields["locations"]?.texts() ?? []
        hours = try fields.required("hours").whole(atLeast: 1)
        hardwareID = try fields["hardware_id"]?.identifier()
        locationIDs = []
        for element in try fields["location_ids"]?.elements("a list of ids") ?? [] {
            locationIDs.append(try element.identifier())
        }
        guard gpu != nil || hardwareID != nil else {
            throw value.error("'gpu' is missing in resources; say gpu: H100, or the provider's hardware_id")
        }
    }
}
