public import JSON
public import RunContract

/// What caasctl keeps of a run on the user's machine; never a secret.
public struct RunRecord: Sendable, Hashable {
    /// How far a run came, as far as this machine knows.
    public enum State: String, Sendable, Hashable {
        /// The provider is about to be asked, or was asked and the answer was lost.
        case intent
        /// The provider said no; nothing was rented.
        case refused
        /// The provider has it.
        case deployed
        /// The provider confirmed that it is gone.
        case destroyed
    }

    /// Where the run keeps its results.
    public struct Bucket: Sendable, Hashable {
        /// The service.
        public var endpoint: String
        /// The bucket's name.
        public var name: String
        /// What its keys begin with.
        public var prefix: String?

        /// A place from its parts.
        public init(endpoint: String, name: String, prefix: String?) {
            self.endpoint = endpoint
            self.name = name
            self.prefix = prefix
        }
    }

    /// The run's id, which is also its name at the provider.
    public let run: RunID
    /// RFC 3339, when the intent was written.
    public let created: String
    /// The API that was asked.
    public let api: String
    /// The image that was sent.
    public let image: String
    /// What was rented, for people.
    public let hardware: String
    /// GPUs.
    public let gpus: Int
    /// Hours that were paid for.
    public let hours: Int
    /// US dollars, as the provider said before.
    public let priceUSD: Double
    /// The container's port.
    public let port: Int
    /// Nil for a run that uploads nothing.
    public let bucket: Bucket?
    /// How far it came.
    public var state: State
    /// The provider's id, as it came.
    public var deployment: JSONValue?
    /// Where the container's port can be reached.
    public var publicURL: String?

    /// The record of a run that is about to be asked for.
    public init(
        run: RunID, created: String, api: String, image: String, hardware: String, gpus: Int, hours: Int,
        priceUSD: Double, port: Int, bucket: Bucket?
    ) {
        self.run = run
        self.created = created
        self.api = api
        self.image = image
        self.hardware = hardware
        self.gpus = gpus
        self.hours = hours
        self.priceUSD = priceUSD
        self.port = port
        self.bucket = bucket
        state = .intent
    }

    /// Reads one.
    public init(json: JSONValue) throws(JSONError) {
        guard try json.whole("version") == 1 else { throw JSONError("'version' is not 1") }
        let run: RunID
        let text = try json.text("run")
        do throws(ContractError) { run = try RunID(text) } catch { throw JSONError(error.description) }
        var bucket: Bucket?
        if let place = json["bucket"], !place.isNull {
            bucket = Bucket(
                endpoint: try place.text("endpoint"), name: try place.text("name"),
                prefix: try place.optionalText("prefix"))
        }
        guard let price = json["price_usd"]?.double else { throw JSONError("'price_usd' is no number") }
        self.init(
            run: run, created: try json.text("created"), api: try json.text("api"), image: try json.text("image"),
            hardware: try json.text("hardware"), gpus: try json.whole("gpus"), hours: try json.whole("hours"),
            priceUSD: price, port: try json.whole("port"), bucket: bucket)
        guard let state = State(rawValue: try json.text("state")) else { throw JSONError("'state' is unknown") }
        self.state = state
        deployment = json["deployment_id"].flatMap { $0.isNull ? nil : $0 }
        publicURL = try json.optionalText("public_url")
    }

    /// The form that ``init(json:)`` reads.
    public var json: JSONValue {
        [
            "version": 1, "target": "ionet", "run": .string(run.description), "created": .string(created),
            "api": .string(api), "image": .string(image), "hardware": .string(hardware), "gpus": .integer(gpus),
            "hours": .integer(hours), "price_usd": .double(priceUSD), "port": .integer(port),
            "bucket": bucket.map { place in
                ["endpoint": .string(place.endpoint), "name": .string(place.name), "prefix": .optional(place.prefix)]
            } ?? .null,
            "state": .string(state.rawValue), "deployment_id": deployment ?? .null, "public_url": .optional(publicURL),
        ]
    }
}
