package import Definitions
package import JSON
package import Secrets

/// A machine that a target offers for a run, and its price.
package struct Offer: Sendable, Hashable {
    /// The hardware's display name, such as `H100`.
    package let hardware: String
    /// The display names of the places.
    package let places: [String]
    package let gpus: Int
    /// The hours that are paid in advance, nil where the machine bills until it is destroyed.
    package let hours: Int?
    /// The price in US dollars for all hours.
    package let priceUSD: Double
    /// The price in US dollars for one hour.
    package let hourlyUSD: Double
    /// The target's own ids, which go back exactly as they came.
    package let token: JSONValue

    package init(
        hardware: String, places: [String], gpus: Int, hours: Int?, priceUSD: Double, hourlyUSD: Double,
        token: JSONValue
    ) {
        self.hardware = hardware
        self.places = places
        self.gpus = gpus
        self.hours = hours
        self.priceUSD = priceUSD
        self.hourlyUSD = hourlyUSD
        self.token = token
    }

    /// The offer in words, such as `8 × H100 in US (Dallas)`.
    package var title: String {
        (gpus > 0 ? "\(gpus) × " : "") + hardware + (places.isEmpty ? "" : " in \(places.joined(separator: ", "))")
    }
}

/// A run as a target is asked to start it: nothing in it belongs to one target.
package struct Launch: Sendable, Hashable {
    /// The machine's name, unique among the user's machines.
    package var name: String
    /// The image's reference.
    package var image: String
    /// The whole command of the container.
    package var command: [String]
    /// The variables that the target shows to every holder of the user's key.
    package var environment: [String: String]
    /// The variables that the target never shows.
    package var secrets: [String: Secret]
    /// The login for the image's registry, nil for a public one.
    package var login: RunManifest.RegistryLogin?
    /// The port on which the container serves HTTP.
    package var port: Int

    /// Every secret of the request, to keep them out of messages.
    var allSecrets: [Secret] { secrets.values + [login?.password].compactMap(\.self) }
}
