import ImageBuild
import Registry

extension EarlyPush: LayerOutlet {}
