import JSON
import Timestamps

/// What a provider lists of a run.
extension RunRecord {
    /// The deployments of a list that serve this run, each with its name's number.
    func own(in listed: [IonetDeployment]) -> [IonetDeployment] {
        listed.filter { deployment in deployment.name.flatMap { MachineName($0, of: run) } != nil }
    }

    /// True where the record tells less of a deployment than the list, or something else.
    func lacks(_ deployment: IonetDeployment) -> Bool {
        guard let known = machines.first(where: { $0.deployment == deployment.id }) else { return true }
        return !known.mayBill && !deployment.status.isOver && !deployment.status.isGone
    }

    /// Notes a deployment: one whose answer was lost gets its id, one that lives on is not gone, and one that another
    /// computer asked for is added.
    mutating func take(_ deployment: IonetDeployment, details: IonetDetails?, api: String) {
        guard lacks(deployment), let name = deployment.name else { return }
        let index =
            machines.firstIndex { $0.deployment == deployment.id }
            ?? machines.lastIndex { $0.deployment == nil && $0.name == name }
        if let index {
            machines[index].deployment = deployment.id
            machines[index].state = .deployed
            return
        }
        var machine = MachineRecord(
            name: name, created: (deployment.created ?? .now()).rfc3339, api: api, image: details?.image ?? "",
            hardware: [details?.hardware, deployment.hardware].compactMap(\.self).first { !$0.isEmpty } ?? "a machine",
            gpus: details?.gpus ?? deployment.gpus, hours: details?.hours,
            priceUSD: details?.paidUSD ?? deployment.paidUSD,
            port: details?.port, isAdopted: true)
        machine.deployment = deployment.id
        machine.state = deployment.status.isOver && deployment.status.isGone ? .destroyed : .deployed
        machines = (machines + [machine]).sorted { number(of: $0) < number(of: $1) }
    }

    /// The number that no machine of the run had, as far as is known here or listed.
    func nextNumber(listed: [IonetDeployment]) -> Int {
        let names = machines.map(\.name) + listed.compactMap(\.name)
        return (names.compactMap { MachineName($0, of: run)?.number }.max() ?? 0) + 1
    }

    private func number(of machine: MachineRecord) -> Int { MachineName(machine.name, of: run)?.number ?? 0 }
}
