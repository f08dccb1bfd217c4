/// The style sheet of the pages, which follows the system's colour scheme.
enum PageStyle {
    static let css = """
        :root { color-scheme: light dark; --line: #8884; --dim: #777; --accent: #2563eb; --bad: #c62828; }
        @media (prefers-color-scheme: dark) { :root { --accent: #7aa2ff; --bad: #ff8a80; --dim: #999; } }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.2rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
        table { border-collapse: collapse; }
        td, th { text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line); }
        pre { font: 12px/1.45 ui-monospace, monospace; overflow: auto; max-height: 28rem; padding: .6rem;
              border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
        svg { width: 100%; height: 9rem; border: 1px solid var(--line); border-radius: 4px; }
        polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
        .dim { color: var(--dim); } .bad { color: var(--bad); } .phase { color: var(--accent); font-weight: 600; }
        input { font: inherit; padding: .2rem .4rem; } button { font: inherit; }
        """
}
