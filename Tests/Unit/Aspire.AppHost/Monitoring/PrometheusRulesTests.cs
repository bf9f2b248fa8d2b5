using System.Diagnostics;
using System.Text.RegularExpressions;
using InferMesh.Tests.Shared;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>Rules, their tests and their runbooks belong together.</summary>
[TestClass]
public sealed partial class PrometheusRulesTests
{
    private const string Folder = "Aspire.AppHost/monitoring/prometheus";

    private static string[] Alerts => [.. Alert().Matches(Repository.Read($"{Folder}/alerts.yml")).Select(m => m.Groups[1].Value)];

    [TestMethod]
    public void Alerts_Each_HasARunbookATestThatFiresAndOneThatDoesNot()
    {
        var (runbooks, rules, tests) = (Repository.Read("docs/runbooks.md"), Repository.Read($"{Folder}/alerts.yml"), Repository.Read($"{Folder}/alerts.test.yml") + Repository.Read($"{Folder}/burn-rates.test.yml"));
        Assert.IsNotEmpty(Alerts);
        foreach (var alert in Alerts)
        {
            StringAssert.Contains(runbooks, $"\n## {alert}\n");
            StringAssert.Contains(rules, $"runbook_url: '{{{{ with $externalLabels.docs_url }}}}{{{{ . }}}}{{{{ else }}}}docs{{{{ end }}}}/runbooks.md#{alert.ToLowerInvariant()}'\n");
            StringAssert.Contains(tests, $"- name: {alert} fires\n");
            StringAssert.Contains(tests, $"- name: {alert} stays quiet\n");
        }
        CollectionAssert.AreEquivalent(Alerts, Section().Matches(runbooks).Select(m => m.Groups[1].Value).ToArray(), "no runbook without an alert");
    }

    [TestMethod]
    public void Kubernetes_PrometheusRule_HasTheSameRules()
    {
        const string Manifest = "Aspire.AppHost/deploy/kubernetes/optional/rules.yaml";
        const string Head = """
            # For the Prometheus operator (monitoring.coreos.com/v1): the rules of ../../../monitoring/prometheus. Written by a test (PrometheusRulesTests); change those, not this file.
            apiVersion: monitoring.coreos.com/v1
            kind: PrometheusRule
            metadata:
              name: infermesh
              namespace: infermesh
            spec:
              groups:

            """;
        // A group has one place in a PrometheusRule: those of the two files have names of their own.
        var rules = Head + Groups("recording.yml") + Groups("alerts.yml");
        var names = Group().Matches(rules).Select(m => m.Groups[1].Value).ToArray();
        CollectionAssert.AllItemsAreUnique(names);
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1") File.WriteAllText(Path.Combine(Repository.Root, Manifest), rules);
        else Assert.AreEqual(rules, Repository.Read(Manifest), "Run this test with INFERMESH_UPDATE_GOLDEN=1 to write the file anew, and review it.");

        static string Groups(string file)
        {
            var text = Repository.Read($"{Folder}/{file}");
            const string Begin = "\ngroups:\n";
            return string.Concat(text[(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..].TrimEnd('\n').Split('\n').Select(static line => line.Length > 0 ? $"  {line}\n" : "\n"));
        }
    }

    [TestMethod]
    public async Task Tests_OfAllRules_PassInPromtool()
    {
        if (ExternalProcess.Find("promtool") is not { } promtool)
        {
            Assert.Inconclusive("promtool is not on PATH (Debian: apt-get install prometheus)");
            return;
        }
        var folder = Path.Combine(Repository.Root, Folder);
        foreach (var arguments in new string[][] { ["check", "config", "../prometheus.yml"], ["test", "rules", .. Directory.GetFiles(folder, "*.test.yml")] })
        {
            using var process = Process.Start(new ProcessStartInfo(promtool, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            Assert.AreEqual(0, process.ExitCode, string.Concat(said));
        }
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex("^    - name: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Group();

    [GeneratedRegex(@"^## (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Section();
}
