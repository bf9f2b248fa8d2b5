using System.Diagnostics;
using InferMesh.Cli.Agent.Config;
using InferMesh.ServiceDefaults.Configuration;
using InferMesh.Tests.Shared;
using k8s.Models;
using Microsoft.Extensions.Configuration;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>The Kubernetes manifests: read strictly, hardened, and consistent with each other and with the settings file.</summary>
[TestClass]
public sealed class ManifestTests
{
    private static V1Deployment Deployment(string name) => Manifests.Of<V1Deployment>().Single(d => d.Name() == name);

    [TestMethod]
    public void Kustomization_ListsEveryFileOfTheBase_AndTheVersionOfTheImages()
    {
        var kustomization = DeployFiles.Yaml("kustomization.yaml");
        CollectionAssert.AreEquivalent(Manifests.Base.ToArray(), kustomization["resources"].Texts.ToArray());
        Assert.IsTrue(kustomization["images"].Items.All(image => image["newTag"].Text == DeployFiles.Version));
        CollectionAssert.AreEqual(new[] { "infermesh.json" }, kustomization["configMapGenerator"].Items.Single()["files"].Texts.ToArray());
    }

    [TestMethod]
    public void Rendered_ByKustomize_IsValid_AndHoldsTheSettingsFile()
    {
        if (ExternalProcess.Find("kubectl") is not { } kubectl) { Assert.Inconclusive("kubectl is not on PATH; the files were read as they are"); return; }
        using var render = Process.Start(new ProcessStartInfo(kubectl, ["kustomize", DeployFiles.Path(".")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (rendered, errors) = (render.StandardOutput.ReadToEndAsync(), render.StandardError.ReadToEnd());
        render.WaitForExit();
        Assert.AreEqual(0, render.ExitCode, errors);

        var objects = Manifests.Read(rendered.Result);
        var settings = objects.OfType<V1ConfigMap>().Single();
        Assert.AreEqual(DeployFiles.Read("infermesh.json"), settings.Data["infermesh.json"]);
        foreach (var deployment in objects.OfType<V1Deployment>())
        {
            Assert.IsTrue(deployment.Spec.Template.Spec.Volumes.Any(v => v.ConfigMap?.Name == settings.Name()), "the generated name reached the pods");
            Assert.EndsWith($":{DeployFiles.Version}", deployment.Spec.Template.Spec.Containers.Single().Image);
        }
    }

    [TestMethod]
    public void Topology_IsThreeSilosAndTwoApis_EachWithABudgetOfOne()
    {
        Assert.AreEqual((3, 2), (Deployment("infermesh-silo").Spec.Replicas, Deployment("infermesh-api").Spec.Replicas));
        foreach (var deployment in Manifests.Of<V1Deployment>())
        {
            var budget = Manifests.Of<V1PodDisruptionBudget>().Single(b => b.Name() == deployment.Name());
            Assert.AreEqual("1", budget.Spec.MaxUnavailable.ToString());
            CollectionAssert.AreEquivalent(deployment.Spec.Selector.MatchLabels.ToArray(), budget.Spec.Selector.MatchLabels.ToArray());
            Assert.AreEqual("0", deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.ToString());
            CollectionAssert.AreEquivalent(
                new[] { "kubernetes.io/hostname", "topology.kubernetes.io/zone" }, deployment.Spec.Template.Spec.TopologySpreadConstraints.Select(c => c.TopologyKey).ToArray());
        }
    }

    [TestMethod]
    public void Pods_Each_AreHardenedAndBounded()
    {
        Assert.AreEqual(5, Manifests.Pods.Count());
        foreach (var (name, template) in Manifests.Pods)
        {
            var pod = template.Spec;
            Assert.IsTrue(pod.SecurityContext.RunAsNonRoot == true && pod.SecurityContext.RunAsUser > 0, name);
            Assert.AreEqual("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type, name);
            Assert.AreEqual(false, pod.AutomountServiceAccountToken, name);
            foreach (var container in pod.Containers)
            {
                Assert.IsTrue(container.SecurityContext.ReadOnlyRootFilesystem, name);
                Assert.AreEqual(false, container.SecurityContext.AllowPrivilegeEscalation, name);
                CollectionAssert.AreEqual(new[] { "ALL" }, container.SecurityContext.Capabilities.Drop.ToArray(), name);
                Assert.IsTrue(container.Resources.Limits.ContainsKey("memory") && container.Resources.Requests.ContainsKey("cpu"), name);
                Assert.IsEmpty(container.VolumeMounts.Select(m => m.Name).Except((pod.Volumes ?? []).Select(v => v.Name).Append("data")), name);
                Assert.DoesNotContain("latest", container.Image, name);
            }
        }
    }

    [TestMethod]
    public void Selectors_Each_MatchThePodsOfTheirs()
    {
        foreach (var deployment in Manifests.Of<V1Deployment>())
            Assert.IsEmpty(deployment.Spec.Selector.MatchLabels.Except(deployment.Spec.Template.Metadata.Labels), deployment.Name());
        foreach (var service in Manifests.Of<V1Service>())
        {
            var pod = Manifests.Pods.Single(p => !service.Spec.Selector.Except(p.Template.Metadata.Labels).Any());
            var ports = pod.Template.Spec.Containers.SelectMany(c => c.Ports).ToArray();
            foreach (var port in service.Spec.Ports)
                Assert.IsTrue(ports.Any(p => p.Name == port.TargetPort?.ToString() || (port.TargetPort is null && p.ContainerPort == port.Port)), $"{service.Name()} {port.Name}");
        }
    }

    [TestMethod]
    public void Probes_Each_AskAnEndpointThatThereIs_OnAPortThatThereIs()
    {
        foreach (var deployment in Manifests.Of<V1Deployment>())
        {
            var container = deployment.Spec.Template.Spec.Containers.Single();
            foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
            {
                CollectionAssert.Contains(new[] { "/health/ready", "/health/live" }, probe.HttpGet.Path);
                CollectionAssert.Contains(container.Ports.Select(p => p.Name).ToArray(), probe.HttpGet.Port.ToString());
            }
            Assert.AreEqual("/health/live", container.LivenessProbe.HttpGet.Path, "a store that is down is no reason to restart");
        }
    }

    [TestMethod]
    public void Ports_AreThoseOfTheSettingsFile()
    {
        CollectionAssert.AreEquivalent(
            new[] { Number(MeshRole.Silo, "InferMesh:Cluster:SiloPort"), Number(MeshRole.Silo, "InferMesh:Cluster:GatewayPort"), 8081 },
            Deployment("infermesh-silo").Spec.Template.Spec.Containers.Single().Ports.Select(p => p.ContainerPort).ToArray());
        CollectionAssert.AreEquivalent(
            new[] { Number(MeshRole.Api, "InferMesh:Http:Port"), Number(MeshRole.Api, "InferMesh:Http:GrpcPort") },
            Deployment("infermesh-api").Spec.Template.Spec.Containers.Single().Ports.Select(p => p.ContainerPort).ToArray());
    }

    [TestMethod]
    public void GracePeriods_AreLongerThanWhatTheProcessesTake()
    {
        var ten = TimeSpan.FromSeconds(10);
        Assert.AreEqual(ComposeTests.Setting(MeshRole.Silo, "InferMesh:Cluster:GracefulStopTimeout") + ten, Grace("infermesh-silo"));
        var pause = TimeSpan.FromSeconds(Deployment("infermesh-api").Spec.Template.Spec.Containers.Single().Lifecycle.PreStop.Sleep.Seconds);
        Assert.AreEqual(ComposeTests.Setting(MeshRole.Api, "InferMesh:Http:DrainTimeout") + ten + pause, Grace("infermesh-api"));

        static TimeSpan Grace(string name) => TimeSpan.FromSeconds(Deployment(name).Spec.Template.Spec.TerminationGracePeriodSeconds!.Value);
    }

    [TestMethod]
    public void Environment_NamesTheMountedFiles_AndTheAddressOfThePod()
    {
        foreach (var deployment in Manifests.Of<V1Deployment>())
        {
            var container = deployment.Spec.Template.Spec.Containers.Single();
            var environment = container.Env.ToDictionary(e => e.Name);
            CollectionAssert.Contains(container.VolumeMounts.Select(m => m.MountPath).ToArray(), environment[MountedFiles.FileVariable].Value);
            CollectionAssert.Contains(container.VolumeMounts.Select(m => m.MountPath).ToArray(), environment[MountedFiles.SecretsVariable].Value);
            // The base image of ASP.NET Core sets it, and it would win over InferMesh:Http:Url.
            Assert.AreEqual("", environment["ASPNETCORE_HTTP_PORTS"].Value);
        }
        Assert.AreEqual("status.podIP", Deployment("infermesh-silo").Spec.Template.Spec.Containers.Single().Env.Single(e => e.Name == "InferMesh__Cluster__AdvertisedIPAddress").ValueFrom.FieldRef.FieldPath);
    }

    [TestMethod]
    public void NetworkPolicies_DenyByDefault_AndLetOnlyTheMeshReachSiloPorts()
    {
        var policies = Manifests.Of<V1NetworkPolicy>().ToArray();
        var deny = policies.Single(p => p.Name() == "deny-ingress");
        Assert.IsTrue(deny.Spec.PodSelector.MatchLabels is null or { Count: 0 });
        Assert.IsTrue(deny.Spec.Ingress is null or { Count: 0 });
        var silo = policies.Single(p => p.Name() == "silo").Spec.Ingress;
        CollectionAssert.AreEqual(new[] { "infermesh-silo" }, Sources("11111"));
        CollectionAssert.AreEqual(new[] { "infermesh-silo", "infermesh-api" }, Sources("30000"));
        Assert.IsTrue(silo.All(rule => rule.FromProperty is { Count: > 0 }), "a rule without a source lets everybody in");

        string[] Sources(string port) => [.. silo.Single(rule => rule.Ports.Any(p => p.Port.ToString() == port)).FromProperty.Select(f => f.PodSelector.MatchLabels["app.kubernetes.io/name"])];
    }

    [TestMethod]
    public void Secrets_ThatPodsMount_AreThoseTheScriptMakes_OrOptional()
    {
        using var secrets = ScriptedSecrets.Make();
        foreach (var (name, template) in Manifests.Pods)
        {
            foreach (var secret in template.Spec.Volumes.Select(v => v.Secret).OfType<V1SecretVolumeSource>().Where(s => s.Optional != true))
            {
                var folder = secrets.Of(secret.SecretName["infermesh-".Length..]);
                Assert.IsTrue(Directory.Exists(folder), $"{name} mounts {secret.SecretName}");
                foreach (var item in secret.Items ?? []) Assert.IsTrue(File.Exists(Path.Combine(folder, item.Key)), $"{name}: {item.Key}");
            }
        }
    }

    [TestMethod]
    public void Agent_ItsFile_PassesTheAgentsOwnCheck_OnAMachineOfTheFleet()
    {
        var daemons = Manifests.Of<V1DaemonSet>().Single();
        Assert.AreEqual(("nvidia", true), (daemons.Spec.Template.Spec.RuntimeClassName, daemons.Spec.Template.Spec.HostNetwork));
        Assert.AreEqual($"infermesh/cli:{DeployFiles.Version}", daemons.Spec.Template.Spec.Containers.Single().Image);
        var given = daemons.Spec.Template.Spec.Containers.Single().Env.Select(e => e.Name).ToArray();
        var text = Manifests.Of<V1ConfigMap>().Single().Data["agent.yaml"];
        foreach (var (variable, value) in new[] { ("NODE_NAME", "gpu-7.example"), ("CELL", "cell-a"), ("HOST_IP", "10.0.0.7") })
        {
            CollectionAssert.Contains(given, variable);
            text = text.Replace($"${{{variable}}}", value, StringComparison.Ordinal);
        }
        using var secrets = ScriptedSecrets.Make();
        text = text.Replace("/run/secrets/infermesh", secrets.Of("agent"), StringComparison.Ordinal);

        var config = AgentConfigReader.Read(text, "agent.yaml", [], out var errors);
        Assert.IsEmpty(errors);
        Assert.AreEqual(("gpu-7.example", "http://10.0.0.7:8000/"), (config!.Node.Id, config.Runtimes.Single().Advertise.ToString()));
    }

    [TestMethod]
    public void Autoscaler_Scales_AnApiThatThereIs()
    {
        var scaler = Manifests.Of<V2HorizontalPodAutoscaler>().Single().Spec;
        Assert.AreEqual(("Deployment", 2), (scaler.ScaleTargetRef.Kind, scaler.MinReplicas));
        Assert.IsNotNull(Deployment(scaler.ScaleTargetRef.Name));
    }

    private static int Number(MeshRole role, string key) =>
        int.Parse(new ConfigurationBuilder().Add(new SettingsFile(DeployFiles.Path("infermesh.json"), role)).Build()[key]!, System.Globalization.CultureInfo.InvariantCulture);
}
