package import JSON

/// A machine that serves a run, served it, or was asked for.
package struct MachineRecord: Sendable, Hashable {
    /// How far it came, as far as this computer knows.
    package enum State: String, Sendable, Hashable {
        /// The provider is about to be asked, or was asked and the answer was lost.
        case intent
        /// The provider said no; nothing was rented.
        case refused
        /// The provider has it.
        case deployed
        /// The provider confirmed that it is gone.
        case destroyed
        /// The answer was lost, and the provider went on listing none of this name.
        case absent
    }

    /// What it is called at the provider: see ``MachineName``.
    package let name: String
    /// RFC 3339, when the intent was written.
    package let created: String
    /// The API that was asked.
    package let api: String
    /// The image that was sent.
    package let image: String
    /// What was rented, for people.
    package let hardware: String
    /// GPUs, nil where the provider does not say it of a machine that others rented.
    package let gpus: Int?
    /// Hours that were paid for, nil where nobody said them.
    package let hours: Int?
    /// US dollars, as the provider said before; nil where nobody said them.
    package let priceUSD: Double?
    /// The container's port.
    package let port: Int?
    /// True where another computer started it, whose key its page asks for.
    package let isAdopted: Bool
    /// How far it came.
    package var state: State
    /// The provider's id, as it came.
    package var deployment: JSONValue?
    /// Where the container's port can be reached.
    package var publicURL: String?

    /// A machine that is about to be asked for.
    package init(
        name: String, created: String, api: String, image: String, hardware: String, gpus: Int?, hours: Int?,
        priceUSD: Double?, port: Int?, isAdopted: Bool = false
    ) {
        self.name = name
        self.created = created
        self.api = api
        self.image = image
        self.hardware = hardware
        self.gpus = gpus
        self.hours = hours
        self.priceUSD = priceUSD
        self.port = port
        self.isAdopted = isAdopted
        state = .intent
    }

    /// True where it may cost something and write into the bucket, as far as is known here.
    package var mayBill: Bool { [.intent, .deployed].contains(state) }

    /// What was rented, for people: `8 × H100 for 6 h, 143.50 USD`.
    package var rented: String {
        let machine = gpus.map { "\($0) × \(hardware)" } ?? hardware
        return machine + (hours.map { " for \($0) h" } ?? "")
            + (priceUSD.map { ", \(Deployer.dollars($0))" } ?? ", at a price that is not known here")
    }
}

extension MachineRecord {
    /// Reads one.
    init(json: JSONValue, name: String) throws(JSONError) {
        self.init(
            name: name, created: try json.text("created"), api: try json.text("api"), image: try json.text("image"),
            hardware: try json.text("hardware"), gpus: try json.optionalWhole("gpus"),
            hours: try json.optionalWhole("hours"), priceUSD: try Self.amount(json["price_usd"]),
            port: try json.optionalWhole("port"), isAdopted: try json.optionalFlag("adopted") ?? false)
        guard let state = State(rawValue: try json.text("state")) else { throw JSONError("'state' is unknown") }
        self.state = state
        deployment = json["deployment_id"].flatMap { $0.isNull ? nil : $0 }
        publicURL = try json.optionalText("public_url")
    }

    private static func amount(_ value: JSONValue?) throws(JSONError) -> Double? {
        guard let value, !value.isNull else { return nil }
        guard let amount = value.double else { throw JSONError("'price_usd' is no number") }
        return amount
    }

    var json: JSONValue {
        [
            "name": .string(name), "created": .string(created), "api": .string(api), "image": .string(image),
            "hardware": .string(hardware), "gpus": gpus.map { .integer($0) } ?? .null,
            "hours": hours.map { .integer($0) } ?? .null, "price_usd": priceUSD.map { .double($0) } ?? .null,
            "port": port.map { .integer($0) } ?? .null, "adopted": .bool(isAdopted),
            "state": .string(state.rawValue), "deployment_id": deployment ?? .null, "public_url": .optional(publicURL),
        ]
    }
}
