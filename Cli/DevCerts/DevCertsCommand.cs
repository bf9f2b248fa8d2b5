using System.CommandLine;
using System.Security.Cryptography;

namespace InferMesh.Cli.DevCerts;

/// <summary><c>infermesh dev-certs</c>: certificates for trying TLS out, with an authority made on the spot.</summary>
internal static class DevCertsCommand
{
    private const string Authority = "ca";
    private const int MaxDays = 3650;
    private static readonly string[] DefaultRoles = ["silo", "api", "user:admin"];
    private static readonly string[] LocalHosts = ["localhost", "127.0.0.1", "::1"];

    // Clocks of other machines may be behind.
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(5);

    public static Command Create(TimeProvider time)
    {
        var output = new Option<string>("--output", "-o") { Description = "Folder for the files; an authority that is there signs again.", DefaultValueFactory = static _ => "certs" };
        var roles = new Option<string[]>("--role") { Description = $"Whom a certificate is for: {DevRole.Forms}; may be repeated. Default: {string.Join(", ", DefaultRoles)}." };
        var trustDomain = new Option<string>("--trust-domain") { Description = "Trust domain of the SPIFFE ids.", DefaultValueFactory = static _ => "mesh.local" };
        var space = new Option<string>("--namespace") { Description = "Namespace of the SPIFFE ids.", DefaultValueFactory = static _ => "dev" };
        var hosts = new Option<string[]>("--host") { Description = "A further DNS name or IP address beside localhost; may be repeated." };
        var days = new Option<int>("--days") { Description = $"Days that certificates are valid, 1 to {MaxDays}.", DefaultValueFactory = static _ => 365 };
        var force = new Option<bool>("--force") { Description = "Replace certificates that are there; the authority stays." };
        var command = new Command("dev-certs", "Make a certificate authority and certificates; for development only.") { output, roles, trustDomain, space, hosts, days, force };
        command.SetAction((parsed, _) => Run(
            new(parsed.GetValue(output)!),
            new(parsed.GetValue(trustDomain)!, parsed.GetValue(space)!, parsed.GetValue(hosts) ?? [], parsed.GetValue(days), parsed.GetValue(force)),
            [.. (parsed.GetValue(roles) is { Length: > 0 } given ? given : DefaultRoles).Select(DevRole.Parse).Distinct()],
            time.GetUtcNow(),
            parsed.InvocationConfiguration.Output));
        return command;
    }

    private static async Task<int> Run(PemFolder folder, Wishes wishes, IReadOnlyList<DevRole> roles, DateTimeOffset now, TextWriter output)
    {
        Check(wishes);
        if (!wishes.Force && roles.FirstOrDefault(role => folder.Has(role.FileName)) is { } there)
            throw new UsageException($"{folder.CertificatePath(there.FileName)} is there already; --force replaces it, or choose another --output");
        try
        {
            using var authority = Open(folder, wishes, now);
            foreach (var role in roles)
            {
                var id = $"spiffe://{wishes.TrustDomain}/ns/{wishes.Namespace}{role.Path}";
                folder.Write(role.FileName, authority.Issue(new(role.FileName, id, [.. LocalHosts, .. wishes.Hosts], now - Leeway, now.AddDays(wishes.Days))));
                await output.WriteLineAsync($"{folder.CertificatePath(role.FileName)}  {id}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CommandFailedException($"cannot make certificates in {folder.CertificatePath(Authority)}: {e.Message}");
        }
        await output.WriteLineAsync($"{folder.CertificatePath(Authority)} is the authority; for development only: its key lies beside it");
        return 0;
    }

    private static DevAuthority Open(PemFolder folder, Wishes wishes, DateTimeOffset now)
    {
        if (folder.Has(Authority))
        {
            var known = DevAuthority.Read(folder.Read(Authority));
            return known.TrustDomain == wishes.TrustDomain
                ? known
                : throw new UsageException($"--trust-domain: the authority in {folder.CertificatePath(Authority)} is of '{known.TrustDomain}'; choose it, or another --output");
        }
        var authority = DevAuthority.Create(wishes.TrustDomain, now - Leeway, now.AddDays(MaxDays));
        folder.Write(Authority, authority.Pem);
        return authority;
    }

    private static void Check(Wishes wishes)
    {
        if (wishes.Days is < 1 or > MaxDays)
            throw new UsageException($"--days must be from 1 to {MaxDays}");
        if (!DevRole.IsSegment(wishes.TrustDomain) || wishes.TrustDomain.Any(char.IsAsciiLetterUpper))
            throw new UsageException("--trust-domain must be lower case letters, digits, '.', '-' and '_'");
        if (!DevRole.IsSegment(wishes.Namespace))
            throw new UsageException("--namespace must be letters, digits, '.', '-' and '_'");
        if (wishes.Hosts.FirstOrDefault(static host => Uri.CheckHostName(host) == UriHostNameType.Unknown) is { } wrong)
            throw new UsageException($"--host must be a DNS name or an IP address, not '{wrong}'");
    }

    private sealed record Wishes(string TrustDomain, string Namespace, IReadOnlyList<string> Hosts, int Days, bool Force);
}
