import JSON
import Timestamps

/// Updates of a run's record from the provider's list.
extension RunRecord {
    /// Returns the deployments of a list whose names are of this run's machines.
    func own(in listed: [IonetDeployment]) -> [IonetDeployment] {
        listed.filter { deployment in deployment.name.flatMap { MachineName($0, of: run) } != nil }
    }

    /// Returns whether the record lacks the deployment, or marks it as ended although it still exists.
    func lacks(_ deployment: IonetDeployment) -> Bool {
        guard let known = machines.first(where: { $0.deployment == deployment.id }) else { return true }
        return !known.mayBill && !deployment.status.isOver && !deployment.status.isGone
    }

    /// Records a listed deployment.
    ///
    /// Sets the id of one whose answer was lost, marks one that still exists as deployed, and adds one that another
    /// computer requested.
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

    /// Returns a machine number that no machine of the run has, neither in the record nor in the list.
    func nextNumber(listed: [IonetDeployment]) -> Int {
        let names = machines.map(\.name) + listed.compactMap(\.name)
        return (names.compactMap { MachineName($0, of: run)?.number }.max() ?? 0) + 1
    }

    private func number(of machine: MachineRecord) -> Int { MachineName(machine.name, of: run)?.number ?? 0 }
}
