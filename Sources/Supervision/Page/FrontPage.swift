import RunContract

/// The public content of `/`: a field for the token, and nothing about the run.
///
/// The script reads the token from the URL's fragment, which is never sent to a server or logged, and requests the page
/// with it.
enum FrontPage {
    static let script = """
        "use strict";
        const field = document.getElementById("token");
        const view = document.getElementById("view");
        const form = document.getElementById("form");
        const note = document.getElementById("note");
        let token = decodeURIComponent(location.hash.replace(/^#(token=)?/, ""));
        let timer = 0;
        async function show() {
            clearTimeout(timer);
            if (!token) return;
            try {
                const answer = await fetch("\(ReservedPaths.Page.page)", {headers: {Authorization: "Bearer " + token}});
                if (answer.status === 401 || answer.status === 403) {
                    form.hidden = false;
                    view.replaceChildren();
                    note.textContent = await answer.text();
                    return;
                }
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const fresh = document.importNode(page.querySelector("main"), true);
                const old = view.querySelector("pre");
                const atEnd = !old || old.scrollTop + old.clientHeight >= old.scrollHeight - 8;
                const top = old ? old.scrollTop : 0;
                view.replaceChildren(fresh);
                const log = view.querySelector("pre");
                if (log) log.scrollTop = atEnd ? log.scrollHeight : top;
                form.hidden = true;
                note.textContent = "";
            } catch (error) {
                note.textContent = "the container does not answer; trying again";
            }
            timer = setTimeout(show, 2000);
        }
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            token = field.value.trim();
            location.hash = token;
            show();
        });
        show();
        """

    static let html = """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>caas</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        <style>\(PageStyle.css)</style></head>
        <body><form id="form"><label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" autofocus> <button>Open</button></form>
        <p id="note"></p><div id="view"></div>
        <script>\(script)</script></body></html>
        """
}
