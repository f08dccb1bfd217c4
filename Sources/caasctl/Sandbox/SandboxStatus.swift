import ArgumentParser
import JSON
import POSIX
import Sandbox
import Terminal

/// `caasctl sandbox status`: lists the sandbox's servers and containers.
struct SandboxStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show the sandbox's servers and containers.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let cloud = try SandboxCommand.cloud()
        guard let state = try cloud.state() else {
            guard json else { return StandardError.print("the sandbox is not up") }
            return print(JSONValue.object(["servers": [], "containers": []]).text)
        }
        let servers = cloud.servers(state)
        let deployments = try cloud.deployments()
        json ? printJSON(servers, deployments) : printTables(servers, deployments)
    }

    private func printTables(_ servers: [SandboxCloud.ServerStatus], _ deployments: [DeploymentRecord]) {
        var table = Table("SERVER", "ADDRESS", "PID", "STATE")
        for server in servers {
            table.append(
                server.name.rawValue, server.address, String(server.pid), server.isAlive ? "running" : "dead")
        }
        print(table, terminator: "")
        guard !deployments.isEmpty else { return }
        var containers = Table("CONTAINER", "DEPLOYMENT", "STATE", "URL")
        for deployment in deployments {
            for container in deployment.containers {
                containers.append(container.id, deployment.name, container.status, container.publicURL ?? "-")
            }
        }
        print("\n\(containers)", terminator: "")
    }

    private func printJSON(_ servers: [SandboxCloud.ServerStatus], _ deployments: [DeploymentRecord]) {
        let rows = servers.map { server in
            [
                "name": .string(server.name.rawValue), "address": .string(server.address),
                "pid": .integer(server.pid), "alive": .bool(server.isAlive),
            ] as JSONValue
        }
        let containers = deployments.flatMap { deployment in
            deployment.containers.map { container in
                [
                    "id": .string(container.id), "deployment_id": .string(deployment.id),
                    "deployment": .string(deployment.name), "status": .string(container.status),
                    "public_url": .optional(container.publicURL),
                ] as JSONValue
            }
        }
        print(JSONValue.object(["servers": .array(rows), "containers": .array(containers)]).text)
    }
}
