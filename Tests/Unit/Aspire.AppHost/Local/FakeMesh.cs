using System.Text.RegularExpressions;
using InferMesh.AppHost.Local;
using InferMesh.AppHost.Tools;

namespace InferMesh.Tests.Unit.AppHost.Local;

/// <summary>A script that plays silo, API, fleet and Redis: it answers what their health checks ask, and stops on SIGTERM.</summary>
internal sealed partial class FakeMesh : IBuiltProcesses
{
    private readonly string _python;
    private readonly string _script;

    private FakeMesh(string python, string script) => (_python, _script) = (python, script);

    public static FakeMesh Write(TestDirectory directory)
    {
        if (PathExecutables.OfThisMachine().Find("python3") is not { } python)
        {
            Assert.Inconclusive("python3 is not on PATH");
            throw new InvalidOperationException();
        }

        var script = directory.File("fake.py");
        File.WriteAllText(script, Script);
        return new(python, script);
    }

    public (string File, IReadOnlyList<string> Arguments) Command(string assembly) => (_python, [_script, assembly]);

    /// <summary>The process ids of the silos in the table of the AppHost.</summary>
    public static IReadOnlyList<int> SiloPids(string table) => [.. PidOfSilo().Matches(table).Select(m => int.Parse(m.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture))];

    [GeneratedRegex(@"silo-\d+ .*\(pid (\d+)\)")]
    private static partial Regex PidOfSilo();

    private const string Script = """
        import http.server, os, signal, socketserver, sys, time

        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        print("info: parent", os.environ["MESH_PARENT_PID"], "urls", os.environ.get("ASPNETCORE_URLS"), flush=True)
        role = sys.argv[1]

        class Health(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/health/ready" else 404)
                self.end_headers()
            def log_message(self, *_):
                pass

        class Redis(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(100)
                self.request.sendall(b"+PONG\r\n")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        if role == "InferMesh.EmbeddedRedis":
            Server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Redis).serve_forever()
        elif role == "InferMesh.Cli":
            if sys.argv[2] == "agent":
                print("00:00:00.000 info:", os.path.basename(sys.argv[4]).removesuffix(".yaml"), "reports to http://127.0.0.1", flush=True)
            else:
                print("fleet ready:", *sys.argv[2:], flush=True)
            while True:
                time.sleep(600)
        else:
            port = os.environ.get("InferMesh__Http__Port") or os.environ["ASPNETCORE_URLS"].rsplit(":", 1)[1]
            Server(("127.0.0.1", int(port)), Health).serve_forever()
        """;
}
