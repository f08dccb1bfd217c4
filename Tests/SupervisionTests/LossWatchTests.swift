import Testing

@testable import Supervision

/// Losses that are no numbers, as trainers print them.
struct LossWatchTests {
    @Test(
        arguments: [
            "step 12/400 loss: nan", "{'loss': nan, 'grad_norm': 1.0}", "{'loss': 'nan', 'epoch': '0.3'}",
            "train_loss=inf",
            "step 5 | loss -inf | lr 1e-4", "Loss: NaN", "eval/loss: Infinity", "validation LOSS = NAN",
            "epoch 1: 5%|5 | 3/60 [00:01<00:22, loss=nan]", "\"lm_loss\": NaN,",
        ])
    func `a loss that is no number three times in a row is lost`(_ line: String) {
        let watch = LossWatch(most: 3)
        watch.note(line)
        watch.note("nothing of the kind")
        watch.note(line)
        #expect(watch.lost == nil && watch.since != nil)
        watch.note(line)
        #expect(watch.lost != nil)
    }

    @Test(
        arguments: [
            "step 12/400 loss: 3.25", "{'loss': 0.81}", "train_loss=1e-05", "lossless: inf",
            "loss: information follows",
            "loss: nanoseconds 5", "grad_norm: inf", "loss: none", "closs", "glossary: nan", "losses nan",
        ])
    func `other lines lose nothing`(_ line: String) {
        let watch = LossWatch(most: 1)
        watch.note(line)
        #expect(watch.lost == nil && watch.since == nil, "\(line)")
    }

    @Test func `a loss that is a number again counts anew, and another does not make it one`() {
        let watch = LossWatch(most: 3)
        for line in ["loss: nan", "loss: nan", "loss: 2.5", "loss: nan", "loss: nan eval_loss: 2.0"] {
            watch.note(line)
        }
        #expect(watch.lost == nil && watch.since != nil)
        watch.note("loss: 1.0")
        #expect(watch.since == nil)
        for line in ["loss: nan", "eval_loss: 2.0", "loss: nan", "loss: nan"] { watch.note(line) }
        #expect(watch.lost == "loss")
    }

    @Test func `a line without end is no loss, and costs nothing`() {
        let watch = LossWatch(most: 1)
        watch.note(String(repeating: "a", count: 1 << 20) + "oss")
        watch.note(String(repeating: "b", count: 4000) + "oss: nan")
        #expect(watch.lost == nil)
        watch.note(String(repeating: "b", count: 4000) + " loss: nan")
        #expect(watch.lost == "loss")
    }

    @Test func `nothing is watched where the program says so`() {
        let watch = LossWatch(most: nil)
        for _ in 0..<5 { watch.note("loss: nan") }
        #expect(watch.lost == nil && watch.since == nil)
    }
}
