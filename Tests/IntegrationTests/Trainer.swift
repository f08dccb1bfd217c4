import RunContract

/// A trainer that writes checkpoints: a shell script, and a C program for images without a shell.
enum Trainer {
    /// Writes `model_<step>.bin` and `meta_<step>.json` for each step up to STEPS, in DELAY seconds each.
    ///
    /// It fails at step FAIL_AT.
    ///
    /// The first start of a run waits for /data/go after step HOLD_AT, so that the test can act before the end.
    static let script = """
        #!/bin/sh
        mkdir -p "$DATA/ck" "$DATA/final"
        step=0
        for argument in "$@"; do case "$argument" in --resume=*) step=${argument#--resume=} ;; esac; done
        echo "starting at $step"
        env > "$DATA/environment-$STAGE"
        while [ "$step" -lt "$STEPS" ]; do
            step=$((step + 1))
            sleep "$DELAY"
            [ "$step" = "$FAIL_AT" ] && { echo "out of luck"; exit 3; }
            number=$(printf %06d "$step")
            echo "$RUN_ID weights of step $step" > "$DATA/ck/model_$number.bin"
            echo "{\\"step\\": $step}" > "$DATA/ck/meta_$number.json"
            echo "step $step/$STEPS loss: $((100 / step)).25"
            [ "$step-$ATTEMPT" = "$HOLD_AT-1" ] && until [ -e /data/go ]; do sleep 0.1; done
        done
        cp "$DATA/ck/model_$number.bin" "$DATA/final/model.bin"
        echo "trained to step $step"
        """

    static let inC = """
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>

        static void put(const char *name, const char *text) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s", getenv("DATA"), name);
            FILE *file = fopen(path, "w");
            if (!file) exit(9);
            fputs(text, file);
            fclose(file);
        }

        int main(int count, char **arguments) {
            extern char **environ;
            char path[512], name[64], text[128];
            int step = 0, steps = atoi(getenv("STEPS"));
            for (const char *folder = "ck\\0final\\0"; *folder; folder += strlen(folder) + 1) {
                snprintf(path, sizeof path, "%s/%s", getenv("DATA"), folder);
                mkdir(path, 0755);
            }
            for (int i = 1; i < count; i++) sscanf(arguments[i], "--resume=%d", &step);
            printf("starting at %d\\n", step);
            while (step < steps) {
                step++;
                usleep((useconds_t)(atof(getenv("DELAY")) * 1e6));
                snprintf(text, sizeof text, "%s weights of step %d\\n", getenv("RUN_ID"), step);
                snprintf(name, sizeof name, "ck/model_%06d.bin", step);
                put(name, text);
                snprintf(name, sizeof name, "ck/meta_%06d.json", step);
                put(name, "{}");
                printf("step %d/%d loss: %d.25\\n", step, steps, 100 / step);
                fflush(stdout);
            }
            put("final/model.bin", text);
            printf("trained to step %d\\n", step);
            return 0;
        }
        """

    /// Returns a program with one stage that runs the trainer.
    static func program(
        steps: Int = 5, delay: Double = 0.2, failAt: Int? = nil, holdAt: Int? = nil,
        change: (inout Program) -> Void = { _ in }
    ) -> Program {
        var program = Program(name: "tiny", data: "/data/work")
        program.imageEnvironment = ["PATH": "/usr/bin:/bin", "STEPS": "\(steps)", "DELAY": "\(delay)"]
        if let failAt { program.imageEnvironment["FAIL_AT"] = "\(failAt)" }
        if let holdAt { program.imageEnvironment["HOLD_AT"] = "\(holdAt)" }
        var stage = Program.Stage(name: "base", run: ["/train"])
        stage.resume = ["--resume=${RESUME_STEP}"]
        var rule = Program.CheckpointRule(
            root: "ck", step: #"model_(\d+)\.bin"#, complete: ["model_{step}.bin", "meta_{step}.json"])
        rule.settle = 1
        stage.checkpoints = rule
        program.stages = [stage]
        program.artifacts = [Program.Artifact(from: "final", into: "model")]
        program.metrics = [
            Program.MetricRule(line: "loss:", match: #"step (?<step>\d+)/\d+ loss: (?<loss>[\d.]+)"#)
        ]
        change(&program)
        return program
    }
}
