using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace InferMesh.Api.Ingress.Runtimes;

/// <summary>
/// Which addresses the API connects to for nodes. A node says where its runtimes are, and the API goes there: without limits a node, or whoever has its key, could have it call what only the API
/// reaches. Addresses that no runtime has are refused whatever the settings allow. Immutable.
/// </summary>
internal sealed class RuntimePolicy
{
    private const int MaxEndpointLength = 1024;

    // Loopback, RFC 1918, shared space (RFC 6598), unique local (RFC 4193).
    private static readonly IPNetwork[] Private = [.. new[] { "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7" }.Select(IPNetwork.Parse)];

    // Where clouds keep credentials of machines outside the link-local range: Alibaba, Azure, Oracle, Amazon over IPv6.
    private static readonly IPAddress[] Metadata = [.. new[] { "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254" }.Select(IPAddress.Parse)];
    private static readonly string[] MetadataNames = ["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"];

    // "This network" with the unspecified address, link-local, multicast, reserved with broadcast.
    private static readonly IPNetwork[] Never = [.. new[] { "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fec0::/10", "ff00::/8" }.Select(IPNetwork.Parse)];

    // IPv6 addresses that lead to an IPv4 address, and the byte where it stands.
    private static readonly (IPNetwork Range, int At)[] Embeddings = [(IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2), (IPNetwork.Parse("::/96"), 12)];

    private readonly List<IPNetwork> _networks = [];
    private readonly List<string> _hosts = [];
    private readonly List<(int From, int To)> _ports = [];
    private readonly bool _isDefault;

    private RuntimePolicy(bool isDefault) => _isDefault = isDefault;

    /// <summary>The policy of settings; the lists of what is wrong with them are empty when they are right.</summary>
    public static RuntimePolicy Of(IngressSettings settings) => Parse(settings, out _, out _);

    /// <param name="settings">Settings.</param>
    /// <param name="badRuntimes">Entries of <see cref="IngressSettings.AllowedRuntimes"/> that are none.</param>
    /// <param name="badPorts">Entries of <see cref="IngressSettings.RuntimePorts"/> that are none.</param>
    public static RuntimePolicy Parse(IngressSettings settings, out IReadOnlyList<string> badRuntimes, out IReadOnlyList<string> badPorts)
    {
        var policy = new RuntimePolicy(settings.AllowedRuntimes.Count == 0);
        if (policy._isDefault) policy._networks.AddRange(Private);
        badRuntimes = [.. settings.AllowedRuntimes.Where(entry => !policy.TryAddRuntime(entry))];
        badPorts = [.. settings.RuntimePorts.Split(',', StringSplitOptions.TrimEntries).Where(entry => !policy.TryAddPorts(entry))];
        return policy;
    }

    /// <summary>Why an endpoint that a node reports is none that the API will call; null when nothing is known against it. Where a name leads is seen when it is connected to.</summary>
    public string? Refusal(string endpoint)
    {
        if (endpoint.Length > MaxEndpointLength || !Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https" or "h2c") || uri.Host.Length == 0)
            return "must be an http(s) or h2c address, such as http://10.0.0.7:8000.";
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0) return "must have no user, query or fragment.";
        var http = Forwarding.RuntimeUrl.AsHttp(uri);
        return RefusalOf(http.IdnHost, http.Port);
    }

    /// <summary>Why the host is not connected to; null when its name is allowed, or when its addresses decide.</summary>
    public string? RefusalOf(string host, int port)
    {
        if (!_ports.Any(range => port >= range.From && port <= range.To)) return $"has port {port.ToString(CultureInfo.InvariantCulture)}, which {IngressSettings.Section}:{nameof(IngressSettings.RuntimePorts)} does not allow.";
        if (IPAddress.TryParse(host, out var address)) return Allows(host, address) ? null : Text(host);
        var name = Canonical(host);
        if (MetadataNames.Contains(name)) return $"has the host {host}, which is never connected to.";
        return _networks.Count > 0 || HasHost(name) ? null : Text(host);
    }

    /// <summary>Whether an address to which a host leads is connected to.</summary>
    public bool Allows(string host, IPAddress address)
    {
        var plain = Plain(address);
        if (Metadata.Contains(plain) || Never.Any(network => network.Contains(plain))) return false;
        return HasHost(Canonical(host)) || _networks.Any(network => network.Contains(plain));
    }

    private string Text(string host) => _isDefault
        ? $"has the host {host}, which is not in a private range: allow it with {IngressSettings.Section}:{nameof(IngressSettings.AllowedRuntimes)}."
        : $"has the host {host}, which {IngressSettings.Section}:{nameof(IngressSettings.AllowedRuntimes)} does not allow.";

    private bool HasHost(string name) => _hosts.Any(host => host[0] == '.' ? name.EndsWith(host, StringComparison.Ordinal) : name == host);

    private bool TryAddRuntime(string entry)
    {
        if (IPNetwork.TryParse(entry, out var network))
        {
            _networks.Add(network);
            return true;
        }
        if (IPAddress.TryParse(entry, out var address))
        {
            _networks.Add(new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            return true;
        }
        if (Uri.CheckHostName(entry.TrimStart('.')) != UriHostNameType.Dns) return false;
        _hosts.Add(Canonical(entry));
        return true;
    }

    private bool TryAddPorts(string entry)
    {
        var ends = entry.Split('-', StringSplitOptions.TrimEntries);
        if (ends.Length > 2 || !TryPort(ends[0], out var from) || !TryPort(ends[^1], out var to) || from > to) return false;
        _ports.Add((from, to));
        return true;
    }

    private static bool TryPort(string text, out int port) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;

    [SuppressMessage("Globalization", "CA1308", Justification = "Host names are written in small letters.")]
    private static string Canonical(string host) => host.TrimEnd('.').ToLowerInvariant();

    /// <summary>The address that packets reach: one of IPv4 may be written as one of IPv6.</summary>
    private static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address)) return address;
        foreach (var (range, at) in Embeddings)
        {
            if (range.Contains(address)) return new(address.GetAddressBytes().AsSpan(at, 4));
        }
        return address;
    }
}
