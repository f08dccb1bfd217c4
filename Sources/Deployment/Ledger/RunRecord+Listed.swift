import JSON
import Timestamps

/// Updates of a run's record from the provider's list.
extension RunRecord {
    /// Returns the deployments of a list whose names are of this run's machines.
    func own(in listed: [MachineStatus]) -> [MachineStatus] {
        listed.filter { machine in machine.name.flatMap { MachineName($0, of: run) } != nil }
    }

    /// Returns whether the record lacks the deployment, or marks it as ended although it still exists.
    func lacks(_ machine: MachineStatus) -> Bool {
        guard let known = machines.first(where: { $0.deployment == machine.handle }) else { return true }
        return !known.mayBill && !machine.isOver && !machine.isLeaving
    }

    /// Records a listed deployment.
    ///
    /// Sets the id of one whose answer was lost, marks one that still exists as deployed, and adds one that another
    /// computer requested.
    mutating func take(_ machine: MachineStatus, _ request: AdoptedRequest?, on target: any Target) {
        guard lacks(machine), let name = machine.name else { return }
        let index =
            machines.firstIndex { $0.deployment == machine.handle }
            ?? machines.lastIndex { $0.deployment == nil && $0.name == name }
        if let index {
            machines[index].deployment = machine.handle
            machines[index].state = .deployed
            return
        }
        var record = MachineRecord(
            name: name, created: (machine.created ?? .now()).rfc3339, target: target.name, api: target.address,
            image: request?.image ?? "",
            hardware: [request?.hardware, machine.hardware].compactMap(\.self).first { !$0.isEmpty } ?? "a machine",
            gpus: request?.gpus ?? machine.gpus, hours: request?.hours, priceUSD: request?.priceUSD ?? machine.paidUSD,
            port: request?.port, isAdopted: true)
        record.deployment = machine.handle
        record.state = machine.phase == .gone ? .destroyed : .deployed
        machines = (machines + [record]).sorted { number(of: $0) < number(of: $1) }
    }

    /// Returns a machine number that no machine of the run has, neither in the record nor in the list.
    func nextNumber(listed: [MachineStatus]) -> Int {
        let names = machines.map(\.name) + listed.compactMap(\.name)
        return (names.compactMap { MachineName($0, of: run)?.number }.max() ?? 0) + 1
    }

    private func number(of machine: MachineRecord) -> Int { MachineName(machine.name, of: run)?.number ?? 0 }
}
