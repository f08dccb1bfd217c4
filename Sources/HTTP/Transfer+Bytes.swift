import ByteText
private import CLibCurl
private import POSIX
private import Synchronization

/// The data callbacks of libcurl, on the engine's thread.
extension Transfer {
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if isAbandoned { return Int(CURL_READFUNC_ABORT) }
        if case .growing(let file) = request.body { return read(file, into: buffer) }
        let room = Int(min(Int64(buffer.count), (request.body.length ?? 0) - sent))
        guard room > 0 else { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<room])
        let count: Int
        switch request.body {
        case .empty, .growing: return 0
        case .bytes(let bytes):
            bytes[Int(sent)..<Int(sent) + room].withUnsafeBytes { target.copyMemory(from: $0) }
            count = room
        case .file(let file, let offset, _):
            do throws(POSIXError) { count = try file.read(into: target, at: offset + sent) } catch {
                failure = HTTPError(.localBody, request.name, error.description)
                return Int(CURL_READFUNC_ABORT)
            }
        }
        guard count > 0 else {
            failure = HTTPError(.localBody, request.name, "the file became shorter while it was sent")
            return Int(CURL_READFUNC_ABORT)
        }
        sent += Int64(count)
        if isLent { sentSoFar.store(sent, ordering: .relaxed) } else { request.onUpload?(sent) }
        return count
    }

    private func read(_ file: GrowingFile, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // A server that has answered reads no more.
        if hasAllHeaders { return 0 }
        let content: GrowingFile.Content
        do throws(POSIXError) { content = try file.read(into: buffer, at: sent, orWake: wake) } catch {
            failure = HTTPError(.localBody, request.name, error.description)
            return Int(CURL_READFUNC_ABORT)
        }
        switch content {
        case .bytes(let count) where count > 0:
            sent += Int64(count)
            request.onUpload?(sent)
            return count
        case .nothingYet: return Int(CURL_READFUNC_PAUSE)
        case .end: return 0
        case .bytes, .abandoned:
            failure = HTTPError(.localBody, request.name, "what was sent was given up by whoever wrote it")
            return Int(CURL_READFUNC_ABORT)
        }
    }

    func header(_ line: UnsafeRawBufferPointer) {
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // An interim answer such as 100 is followed by the final one.
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            headers = HTTPHeaders()
            hasBegun = false
            hasAllHeaders = false
            return
        }
        if text == "\r\n" || text == "\n" {
            hasAllHeaders = status >= 200
            // libcurl does not end a transfer whose upload is paused, even when an answer makes the upload needless.
            if hasAllHeaders, case .growing = request.body { wake() }
        }
        guard let colon = text.firstIndex(byte: ":") else { return }
        let value = text[text.utf8.index(after: colon)...].drop { $0.isWhitespace }
        let trimmed = String(value.reversed().drop { $0.isWhitespace }.reversed())
        headers.add(String(text[..<colon]), trimmed)
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        do {
            if let sink, (200..<300).contains(status) {
                if !hasBegun { try sink.begin(response([])) }
                hasBegun = true
                try sink.receive(bytes)
            } else {
                guard body.count + bytes.count <= limit else {
                    throw HTTPError(.invalidResponse, request.name, "the answer is longer than \(limit) bytes")
                }
                body.append(contentsOf: bytes)
            }
            return bytes.count
        } catch let error as HTTPError {
            failure = error
        } catch {
            failure = HTTPError(.localBody, request.name, "\(error)")
        }
        return 0
    }
}
