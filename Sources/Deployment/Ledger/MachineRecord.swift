package import JSON

/// A machine that was requested for a run, whether it still serves the run or not.
package struct MachineRecord: Sendable, Hashable {
    /// The state of the machine, as this computer last saw it.
    package enum State: String, Sendable, Hashable {
        /// The request is about to be sent, or its answer was lost.
        case intent
        /// The provider refused the request; nothing was rented.
        case refused
        /// The provider has the machine.
        case deployed
        /// The provider confirmed that the machine is gone.
        case destroyed
        /// The answer was lost, and the provider has not listed the name since.
        case absent
    }

    /// The machine's name at the provider: see ``MachineName``.
    package let name: String
    /// When the intent was written, in RFC 3339.
    package let created: String
    /// The name of the target that has the machine.
    package let target: String
    /// The target's address, such as the URL of its API.
    package let api: String
    /// The reference of the requested image.
    package let image: String
    /// The hardware's display name.
    package let hardware: String
    /// The number of GPUs, nil where the provider does not report it for a machine that another computer rented.
    package let gpus: Int?
    /// The paid hours, nil where they are not known.
    package let hours: Int?
    /// The provider's price in US dollars before the start, nil where it is not known.
    package let priceUSD: Double?
    package let port: Int?
    /// True where another computer started the machine; its page needs a token made with that computer's key.
    package let isAdopted: Bool
    package var state: State
    /// The provider's id, exactly as it was received.
    package var deployment: JSONValue?
    /// The URL at which the container's port is reachable.
    package var publicURL: String?

    /// Creates the record of a machine that is about to be requested.
    package init(
        name: String, created: String, target: String, api: String, image: String, hardware: String, gpus: Int?,
        hours: Int?,
        priceUSD: Double?, port: Int?, isAdopted: Bool = false
    ) {
        self.name = name
        self.created = created
        self.target = target
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

    /// True where the machine may cost money and write to the bucket, as far as this computer knows.
    package var mayBill: Bool { [.intent, .deployed].contains(state) }

    /// The rented resources for display, such as `8 × H100 for 6 h, 143.50 USD`.
    package var rented: String {
        let machine = gpus.map { $0 > 0 ? "\($0) × \(hardware)" : hardware } ?? hardware
        return machine + (hours.map { " for \($0) h" } ?? "")
            + (priceUSD.map { ", \(Deployer.dollars($0))" } ?? ", at a price that is not known here")
    }
}

extension MachineRecord {
    init(json: JSONValue, name: String) throws {
        self.init(
            name: name, created: try json.text("created"), target: try json.optionalText("target") ?? "ionet",
            api: try json.text("api"), image: try json.text("image"),
            hardware: try json.text("hardware"), gpus: try json.optionalWhole("gpus"),
            hours: try json.optionalWhole("hours"), priceUSD: try Self.amount(json["price_usd"]),
            port: try json.optionalWhole("port"), isAdopted: try json.optionalFlag("adopted") ?? false)
        guard let state = State(rawValue: try json.text("state")) else { throw JSONError("'state' is unknown") }
        self.state = state
        deployment = json["deployment_id"].flatMap { $0.isNull ? nil : $0 }
        publicURL = try json.optionalText("public_url")
    }

    private static func amount(_ value: JSONValue?) throws -> Double? {
        guard let value, !value.isNull else { return nil }
        guard let amount = value.double else { throw JSONError("'price_usd' is no number") }
        return amount
    }

    var json: JSONValue {
        [
            "name": .string(name), "created": .string(created), "target": .string(target), "api": .string(api),
            "image": .string(image),
            "hardware": .string(hardware), "gpus": gpus.map { .integer($0) } ?? .null,
            "hours": hours.map { .integer($0) } ?? .null, "price_usd": priceUSD.map { .double($0) } ?? .null,
            "port": port.map { .integer($0) } ?? .null, "adopted": .bool(isAdopted),
            "state": .string(state.rawValue), "deployment_id": deployment ?? .null, "public_url": .optional(publicURL),
        ]
    }
}
