package import JSON
package import RunContract

/// The record of a run on the user's machine; it never holds a secret.
///
/// A run is an id in a bucket; several machines may serve it one after the other.
package struct RunRecord: Sendable, Hashable {
    /// The location of the run's results.
    package struct Bucket: Sendable, Hashable {
        /// The S3 endpoint's URL.
        package var endpoint: String
        package var name: String
        /// The key prefix below which the runs are.
        package var prefix: String?

        package init(endpoint: String, name: String, prefix: String?) {
            self.endpoint = endpoint
            self.name = name
            self.prefix = prefix
        }
    }

    /// The run's id, which is also the name of its first machine.
    package let run: RunID
    /// When the run was first requested, in RFC 3339.
    package let created: String
    /// The bucket; nil for a run that uploads nothing, and for another user's run whose bucket is not known.
    package internal(set) var bucket: Bucket?
    /// The data to request the run again, nil where it is not known here.
    package var request: KeptRequest?
    /// Every known machine, the oldest first.
    package var machines: [MachineRecord]

    package init(
        run: RunID, created: String, bucket: Bucket?, request: KeptRequest? = nil, machines: [MachineRecord] = []
    ) {
        self.run = run
        self.created = created
        self.bucket = bucket
        self.request = request
        self.machines = machines
    }

    /// The machine that was requested last, nil where none is known.
    package var newest: MachineRecord? { machines.last }

    /// The machines that may cost money and write to the bucket, as far as this computer knows.
    package var billing: [MachineRecord] { machines.filter(\.mayBill) }

    /// The machines of one target that may cost money and write to the bucket.
    package func billing(at target: String) -> [MachineRecord] { billing.filter { $0.target == target } }

    /// When a machine was last requested, in RFC 3339.
    var touched: String { max(created, newest?.created ?? "") }

    /// The cost in US dollars of all machines that were rented; machines of unknown price count as zero.
    package var paidUSD: Double { rented.reduce(0) { $0 + ($1.priceUSD ?? 0) } }

    /// True where the price of every rented machine is known.
    package var isPriceKnown: Bool { rented.allSatisfy { $0.priceUSD != nil } }

    private var rented: [MachineRecord] { machines.filter { ![.refused, .absent].contains($0.state) } }

    /// Replaces the machine with the same name and id, or appends the machine.
    mutating func note(_ machine: MachineRecord) {
        let index = machines.lastIndex { known in
            known.name == machine.name && (known.deployment == nil || known.deployment == machine.deployment)
        }
        if let index { machines[index] = machine } else { machines.append(machine) }
    }
}

/// The JSON form in the ledger's files.
extension RunRecord {
    /// Parses a record, also of version 1, which had one machine per run.
    package init(json: JSONValue) throws {
        let version = try json.whole("version")
        guard [1, 2].contains(version) else { throw JSONError("'version' is neither 1 nor 2") }
        let text = try json.text("run")
        let run: RunID
        do { run = try RunID(text) } catch { throw JSONError("\(error)") }
        var bucket: Bucket?
        if let place = json["bucket"], !place.isNull {
            bucket = Bucket(
                endpoint: try place.text("endpoint"), name: try place.text("name"),
                prefix: try place.optionalText("prefix"))
        }
        self.init(run: run, created: try json.text("created"), bucket: bucket)
        guard version > 1 else {
            machines = [try MachineRecord(json: json, name: text)]
            return
        }
        if let kept = json["request"], !kept.isNull { request = try KeptRequest(json: kept) }
        for machine in try json.list("machines") {
            machines.append(try MachineRecord(json: machine, name: try machine.text("name")))
        }
    }

    /// The JSON form that ``init(json:)`` parses.
    package var json: JSONValue {
        [
            "version": 2, "run": .string(run.description), "created": .string(created),
            "bucket": bucket.map { place in
                ["endpoint": .string(place.endpoint), "name": .string(place.name), "prefix": .optional(place.prefix)]
            } ?? .null,
            "request": request?.json ?? .null, "machines": .array(machines.map(\.json)),
        ]
    }
}
