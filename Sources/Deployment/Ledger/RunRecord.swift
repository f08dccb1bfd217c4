package import JSON
package import RunContract

/// What caasctl keeps of a run on the user's machine; never a secret.
///
/// A run is an id in a bucket, which several machines may serve one after the other.
package struct RunRecord: Sendable, Hashable {
    /// Where the run keeps its results.
    package struct Bucket: Sendable, Hashable {
        /// The service.
        package var endpoint: String
        /// The bucket's name.
        package var name: String
        /// What its keys begin with.
        package var prefix: String?

        /// A place from its parts.
        package init(endpoint: String, name: String, prefix: String?) {
            self.endpoint = endpoint
            self.name = name
            self.prefix = prefix
        }
    }

    /// The run's id, which is also the name of its first machine.
    package let run: RunID
    /// RFC 3339, when the run was first asked for.
    package let created: String
    /// Nil for a run that uploads nothing, and where the bucket of somebody else's is not known.
    package internal(set) var bucket: Bucket?
    /// What it takes to ask for it again, nil where that is not known here.
    package var request: KeptRequest?
    /// Every machine that is known of, the oldest first.
    package var machines: [MachineRecord]

    /// The record of a run.
    package init(
        run: RunID, created: String, bucket: Bucket?, request: KeptRequest? = nil, machines: [MachineRecord] = []
    ) {
        self.run = run
        self.created = created
        self.bucket = bucket
        self.request = request
        self.machines = machines
    }

    /// The machine that was asked for last, nil where none is known of.
    package var newest: MachineRecord? { machines.last }

    /// The machines that may cost something and write into the bucket, as far as is known here.
    package var billing: [MachineRecord] { machines.filter(\.mayBill) }

    /// RFC 3339, when it was last asked for.
    var touched: String { max(created, newest?.created ?? "") }

    /// US dollars for all machines that were rented; one whose price is not known counts nothing.
    package var paidUSD: Double { rented.reduce(0) { $0 + ($1.priceUSD ?? 0) } }

    /// True where it is known what each machine cost.
    package var isPriceKnown: Bool { rented.allSatisfy { $0.priceUSD != nil } }

    private var rented: [MachineRecord] { machines.filter { ![.refused, .absent].contains($0.state) } }

    /// Puts a machine in the place of the one with its name and id, or after all others.
    mutating func note(_ machine: MachineRecord) {
        let index = machines.lastIndex { known in
            known.name == machine.name && (known.deployment == nil || known.deployment == machine.deployment)
        }
        if let index { machines[index] = machine } else { machines.append(machine) }
    }
}

/// The form in the ledger's files.
extension RunRecord {
    /// Reads one, also of the first version, which knew one machine for each run.
    package init(json: JSONValue) throws(JSONError) {
        let version = try json.whole("version")
        guard [1, 2].contains(version) else { throw JSONError("'version' is neither 1 nor 2") }
        let text = try json.text("run")
        let run: RunID
        do throws(ContractError) { run = try RunID(text) } catch { throw JSONError(error.description) }
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

    /// The form that ``init(json:)`` reads.
    package var json: JSONValue {
        [
            "version": 2, "target": "ionet", "run": .string(run.description), "created": .string(created),
            "bucket": bucket.map { place in
                ["endpoint": .string(place.endpoint), "name": .string(place.name), "prefix": .optional(place.prefix)]
            } ?? .null,
            "request": request?.json ?? .null, "machines": .array(machines.map(\.json)),
        ]
    }
}
