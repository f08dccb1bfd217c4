import ImageLayers
import Registry

extension EarlyPush: LayerOutlet {}
