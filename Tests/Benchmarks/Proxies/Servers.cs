using System.Globalization;
using System.Text.Json;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>Starts all that is compared, in front of one upstream.</summary>
internal sealed class Servers : IDisposable
{
    private const int Runtimes = 4;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly string _folder = Directory.CreateTempSubdirectory("infermesh-bench-").FullName;
    private readonly List<Child> _children = [];
    private readonly int[] _upstreams = [.. Enumerable.Range(0, Runtimes).Select(_ => Child.FreePort())];

    /// <summary>Port of the silo's gateway.</summary>
    public int GatewayPort { get; } = Child.FreePort();

    /// <summary>Everything that could be started: the direct way, then nginx when it is here.</summary>
    public IReadOnlyList<Contender> StartAll()
    {
        var contenders = new List<Contender> { StartUpstream() };
        if (Find("nginx") is { } nginx) contenders.Add(StartNginx(nginx));
        if (Find("haproxy") is { } haproxy) contenders.Add(StartHaProxy(haproxy));
        contenders.Add(StartYarp());
        contenders.Add(StartMesh());
        return contenders;
    }

    public Contender StartUpstream()
    {
        var child = Self("upstream", ["upstream", .. _upstreams.Select(Text)]);
        child.AwaitPort(_upstreams[^1]);
        return new("direct", _upstreams[0], []);
    }

    /// <summary>A silo that probes the upstream's ports as so many runtimes, and an API.</summary>
    public Contender StartMesh()
    {
        var (siloPort, siloHttp, apiPort, grpcPort) = (Child.FreePort(), Child.FreePort(), Child.FreePort(), Child.FreePort());
        var probes = _upstreams.SelectMany((port, i) => new[]
        {
            ($"InferMesh__Probes__Runtimes__{i}__Endpoint", $"http://127.0.0.1:{port}"),
            ($"InferMesh__Probes__Runtimes__{i}__Gpu", "H100-80G"),
            ($"InferMesh__Probes__Runtimes__{i}__MaxConcurrency", "256"),
            ($"InferMesh__Probes__Runtimes__{i}__PrefillTokensPerSecond", "34000"),
            ($"InferMesh__Probes__Runtimes__{i}__DecodeTokensPerSecond", "10000"),
            ($"InferMesh__Probes__Runtimes__{i}__MinSecondsPerToken", "0.008"),
        });
        var silo = Add(Built("silo", "Silo", [
            .. probes,
            ("InferMesh__Cluster__SiloPort", Text(siloPort)),
            ("InferMesh__Cluster__GatewayPort", Text(GatewayPort)),
            ("InferMesh__Storage__SqlitePath", Path.Combine(_folder, "mesh.db")),
            ("InferMesh__Probes__Enabled", "true"),
            ("InferMesh__Probes__NodeId", "bench-node"),
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{siloHttp}")]));
        var api = Add(Built("API", "Api", [
            ("InferMesh__Cluster__GatewayPort", Text(GatewayPort)),
            ("InferMesh__Http__Port", Text(apiPort)),
            ("InferMesh__Http__GrpcPort", Text(grpcPort))]));
        api.Await(() => Serves($"http://127.0.0.1:{apiPort}/v1/models"), StartLimit);
        return new("InferMesh", apiPort, [api, silo]);
    }

    public void Dispose()
    {
        for (var i = _children.Count - 1; i >= 0; i--) _children[i].Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private Contender StartNginx(string program)
    {
        var port = Child.FreePort();
        var config = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(config, $$"""
            worker_processes 2;
            daemon off;
            pid {{_folder}}/nginx.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
              access_log off;
              client_body_temp_path {{_folder}}/body;
              proxy_temp_path {{_folder}}/proxy;
              fastcgi_temp_path {{_folder}}/fastcgi;
              uwsgi_temp_path {{_folder}}/uwsgi;
              scgi_temp_path {{_folder}}/scgi;
              keepalive_requests 100000000;
              upstream runtimes {
            {{string.Concat(_upstreams.Select(u => $"    server 127.0.0.1:{u};\n"))}}
                keepalive 256;
                keepalive_requests 100000000;
              }
              server {
                listen 127.0.0.1:{{port}};
                location / {
                  proxy_pass http://runtimes;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_buffering off;
                }
              }
            }
            """);
        return Proxy("nginx", port, new("nginx", program, ["-c", config, "-p", _folder]));
    }

    private Contender StartHaProxy(string program)
    {
        var port = Child.FreePort();
        var config = Path.Combine(_folder, "haproxy.cfg");
        File.WriteAllText(config, $"""
            global
              nbthread 2
            defaults
              mode http
              option http-keep-alive
              option http-no-delay
              http-reuse always
              timeout connect 5s
              timeout client 60s
              timeout server 60s
            listen all
              bind 127.0.0.1:{port}
              balance roundrobin
            {string.Concat(_upstreams.Select((u, i) => $"  server s{i} 127.0.0.1:{u}\n"))}
            """);
        return Proxy("HAProxy", port, new("haproxy", program, ["-db", "-f", config]));
    }

    private Contender StartYarp()
    {
        var port = Child.FreePort();
        return Proxy("YARP", port, Self("YARP", ["yarp", Text(port), .. _upstreams.Select(Text)]));
    }

    private Contender Proxy(string name, int port, Child child)
    {
        if (!_children.Contains(child)) Add(child);
        child.AwaitPort(port);
        return new(name, port, [child]);
    }

    /// <summary>This program in another role, with the settings that a web program has by default and this one has not.</summary>
    private Child Self(string name, IEnumerable<string> arguments) => Add(new(name, "dotnet", [typeof(Servers).Assembly.Location, "serve", .. arguments], ("DOTNET_gcServer", "1"), ("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "46")));

    /// <summary>One of our own programs, of the same configuration as this one, in its own folder for the sake of its settings file.</summary>
    private static Child Built(string name, string project, IEnumerable<(string, string)> environment)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var root = output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;
        var folder = Path.Combine(root, project, "bin", output.Parent.Name, output.Name);
        var assembly = Path.Combine(folder, $"InferMesh.{project}.dll");
        if (!File.Exists(assembly)) throw new InvalidOperationException($"{assembly} is not built: build InferMesh.sln in this configuration first.");
        return new(name, "dotnet", [assembly, $"--contentRoot={folder}"], environment);
    }

    private Child Add(Child child)
    {
        _children.Add(child);
        return child;
    }

    private static bool Serves(string models)
    {
        try
        {
            using var document = JsonDocument.Parse(Http.GetStringAsync(models).GetAwaiter().GetResult());
            return document.RootElement.GetProperty("data").GetArrayLength() > 0;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static string? Find(string program)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        if (path is null) Console.WriteLine($"\n{program} is not installed: its row is left out (on Debian: apt-get install {program}).");
        return path;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
