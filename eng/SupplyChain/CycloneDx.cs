using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.SupplyChain;

/// <summary>
/// Writes a software bill of materials, CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). It has no time and its number follows from
/// its content, so the same packages give the same file.
/// </summary>
internal static class CycloneDx
{
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bill of materials.</summary>
    /// <param name="solution">All projects and packages.</param>
    /// <param name="policy">Licences of packages.</param>
    /// <param name="version">Version of InferMesh.</param>
    /// <returns>JSON.</returns>
    public static string Of(Solution solution, LicencePolicy policy, string version)
    {
        ArgumentNullException.ThrowIfNull(solution);
        ArgumentNullException.ThrowIfNull(policy);
        var projects = solution.Projects.ToDictionary(project => project.Name, project => $"infermesh:{project.Name}@{version}");
        var packages = solution.Packages.ToDictionary(package => package.Key, Purl, StringComparer.OrdinalIgnoreCase);
        var root = $"infermesh@{version}";
        var components = new JsonArray([.. solution.Projects.Select(project => Component(project, projects, version)), .. solution.Packages.Select(package => Component(package, policy))]);
        var dependencies = new JsonArray([
            Depends(root, solution.Projects.Where(project => !project.IsTest).Select(project => projects[project.Name])),
            .. solution.Projects.Select(project => Depends(
                projects[project.Name],
                project.References.Select(name => projects[name]).Concat(project.Packages.Concat(project.BuildPackages).Select(key => packages[key])))),
            .. solution.Packages.Select(package => Depends(packages[package.Key], package.Dependencies.Select(key => packages[key]))),
        ]);
        return new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = $"urn:uuid:{Number(components.ToJsonString() + dependencies.ToJsonString())}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["lifecycles"] = new JsonArray(new JsonObject { ["phase"] = "build" }),
                ["tools"] = new JsonObject { ["components"] = new JsonArray(new JsonObject { ["type"] = "application", ["name"] = "InferMesh.SupplyChain", ["version"] = version }) },
                ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = root, ["name"] = "InferMesh", ["version"] = version, ["licenses"] = Licence("Apache-2.0") },
            },
            ["components"] = components,
            ["dependencies"] = dependencies,
        }.ToJsonString(s_format) + "\n";
    }

    private static JsonObject Component(SolutionProject project, Dictionary<string, string> projects, string version) => new()
    {
        ["type"] = "application",
        ["bom-ref"] = projects[project.Name],
        ["name"] = $"InferMesh.{project.Name}",
        ["version"] = version,
        ["scope"] = project.IsTest ? "excluded" : "required",
        ["licenses"] = Licence("Apache-2.0"),
    };

    private static JsonObject Component(Package package, LicencePolicy policy)
    {
        var component = new JsonObject
        {
            ["type"] = "library",
            ["bom-ref"] = Purl(package),
            ["name"] = package.Id,
            ["version"] = package.Version,
            ["scope"] = package.Shipped ? "required" : "excluded",
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-512", ["content"] = package.Sha512 }),
            ["licenses"] = policy.LicenceOf(package) is { } licence ? Licence(licence) : [],
            ["purl"] = Purl(package),
        };
        if (package.Nuspec.Repository is { } repository)
            component["externalReferences"] = new JsonArray(new JsonObject { ["type"] = "vcs", ["url"] = repository });
        return component;
    }

    private static JsonArray Licence(string licence) => new(licence switch
    {
        _ when licence.Contains(' ', StringComparison.Ordinal) => new JsonObject { ["expression"] = licence },
        _ when licence.StartsWith("LicenseRef-", StringComparison.Ordinal) => new JsonObject { ["license"] = new JsonObject { ["name"] = licence } },
        _ => new JsonObject { ["license"] = new JsonObject { ["id"] = licence } },
    });

    private static JsonObject Depends(string reference, IEnumerable<string> on) => new()
    {
        ["ref"] = reference,
        ["dependsOn"] = new JsonArray([.. on.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(other => JsonValue.Create(other))]),
    };

    private static string Purl(Package package) => $"pkg:{package.Registry}/{string.Join('/', package.Id.Split('/').Select(Uri.EscapeDataString))}@{Uri.EscapeDataString(package.Version)}";

    // A UUID of version 8: its bits are the maker's own.
    private static Guid Number(string content)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(content))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
