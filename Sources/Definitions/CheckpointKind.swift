/// The checkpoints of known trainers, each as the lines of YAML that its name stands for.
///
/// What is in `complete` is written last, or the trainer cannot resume without it. `make trainers` checks the lines
/// against the trainers' own saves and resumes.
enum CheckpointKind {
    /// The names, sorted.
    static let all = lines.keys.sorted()

    /// The lines of a kind, by its name.
    static let lines = [
        "accelerate": accelerate, "axolotl": huggingFace, "dcp": distributed, "deepspeed": deepSpeed, "fsdp": fsdp,
        "hf-peft": adapters, "hf-trainer": huggingFace, "lightning": lightning, "llama-factory": huggingFace,
        "nanochat": nanochat, "torchtune": torchtune,
    ]

    private static let nanochat = #"""
        step: 'model_(\d+)\.pt'
        complete: ["model_{step}.pt", "meta_{step}.json", "optim_{step}_rank{rank}.pt"]
        """#

    /// The Trainer of transformers, also with adapters.
    ///
    /// The index of a model in several files is written after them.
    private static let huggingFace = ofTransformers(#""*model.*", optimizer.pt, scheduler.pt"#)

    private static let adapters = ofTransformers(
        #"adapter_config.json, "adapter_model.*", optimizer.pt, scheduler.pt"#)

    /// The Trainer of transformers with FSDP's sharded state.
    ///
    /// Each `.metadata` is written when all ranks have written.
    private static let fsdp = ofTransformers(
        #""pytorch_model_fsdp_*/.metadata", "pytorch_model_fsdp_*/__{rank}_*.distcp", "#
            + #""optimizer_*/.metadata", "optimizer_*/__{rank}_*.distcp", scheduler.pt"#)

    /// The Trainer of transformers with DeepSpeed's ZeRO.
    private static let deepSpeed = ofTransformers(
        #"latest, "global_step*/*model_states.pt", {files: "global_step*/*optim_states.pt", count: ranks}"#)

    /// The checkpoints of the Trainer of transformers, with what each way to train adds.
    private static func ofTransformers(_ files: String) -> String {
        """
        folder: checkpoint-{step}
        complete: [trainer_state.json, \(files), {files: "rng_state*.pth", count: ranks}]
        """
    }

    /// The format of torch.distributed.checkpoint, as in torchtitan.
    ///
    /// A rank that has nothing of its own to save writes no file;
    /// `.metadata` is written when all ranks have written.
    private static let distributed = """
        folder: step-{step}
        complete: [.metadata, "*.distcp"]
        """

    /// Each save overwrites `recipe_state.pt`, after the weights of its epoch.
    private static let torchtune = #"""
        step: 'epoch_(\d+)/.*'
        complete: ["epoch_{step}/*model*", recipe_state/recipe_state.pt]
        include: ["epoch_{step}/**"]
        """#

    private static let accelerate = """
        folder: checkpoint_{step}
        complete: ["*model.*", optimizer.bin, "random_states_{rank}.pkl"]
        """

    /// The names that ModelCheckpoint gives without a `filename`.
    private static let lightning = #"""
        step: '(?:.*/)?epoch=\d+-step=(\d+)\.ckpt'
        complete: ["**/epoch=*-step={step}.ckpt"]
        """#
}
