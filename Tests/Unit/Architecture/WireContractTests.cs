using System.Globalization;
using System.Reflection;
using System.Text;
using InferMesh.Grains;
using InferMesh.Grains.Abstractions;
using Orleans.Services;

namespace InferMesh.Tests.Unit.Architecture;

/// <summary>
/// What silos of different versions say to each other and leave in storage: names and numbers that must not change by accident.
/// <c>docs/contracts/aliases.txt</c> is the reviewed text; set INFERMESH_UPDATE_CONTRACTS=1 to write it anew.
/// </summary>
[TestClass]
public sealed class WireContractTests
{
    private const string File = "docs/contracts/aliases.txt";
    private const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Type[] AllTypes = [.. new[] { typeof(MeshStreams).Assembly, typeof(MeshGrains).Assembly }
        .SelectMany(a => a.GetTypes()).Where(t => t.Namespace?.StartsWith("InferMesh.", StringComparison.Ordinal) == true)];

    private static IEnumerable<Type> Wire => AllTypes.Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null);

    private static IEnumerable<Type> GrainClasses => AllTypes.Where(t => t is { IsClass: true, IsAbstract: false } && typeof(Grain).IsAssignableFrom(t));

    private static IEnumerable<Type> GrainInterfaces =>
        AllTypes.Where(t => t.IsInterface && (typeof(IGrain).IsAssignableFrom(t) || typeof(IGrainService).IsAssignableFrom(t)));

    [TestMethod]
    public void WireTypes_Each_HaveAnAlias() => Assert.IsEmpty(Wire.Where(t => Alias(t) is null));

    [TestMethod]
    public void GrainInterfaces_TheyAndTheirMethods_HaveAnAlias()
    {
        Assert.IsNotEmpty(GrainInterfaces);
        Assert.IsEmpty(GrainInterfaces.Where(t => Alias(t) is null));
        Assert.IsEmpty(GrainInterfaces.SelectMany(t => t.GetMethods(Declared)).Where(m => Alias(m) is null).Select(m => $"{m.DeclaringType}.{m.Name}"));
    }

    [TestMethod]
    public void GrainClasses_Each_HaveAGrainTypeOfTheirOwn()
    {
        Assert.IsNotEmpty(GrainClasses);
        Assert.IsEmpty(GrainClasses.Where(t => t.GetCustomAttribute<GrainTypeAttribute>() is null));
        Unique(GrainClasses.Select(GrainType));
    }

    [TestMethod]
    public void Aliases_OfTypes_AreUnique() => Unique(AllTypes.Select(Alias).OfType<string>());

    [TestMethod]
    public void MemberIds_OfEachWireType_AreUnique()
    {
        foreach (var type in Wire) Unique(Members(type).Select(m => $"{Alias(type)} {m.Id}"));
    }

    [TestMethod]
    public void PersistedStates_OfEachGrain_HaveNamesOfTheirOwn()
    {
        var states = GrainClasses.SelectMany(StatesOf).ToArray();
        Assert.IsNotEmpty(states);
        Unique(states);
    }

    [TestMethod]
    public void Contracts_AsCommitted_AreThoseOfTheCode()
    {
        var actual = Describe();
        var path = Path.Combine(Repository.Root, File);
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_CONTRACTS") == "1") System.IO.File.WriteAllText(path, actual);
        var committed = System.IO.File.Exists(path) ? System.IO.File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        var gone = committed.Split('\n').Except(actual.Split('\n')).ToArray();
        var fresh = actual.Split('\n').Except(committed.Split('\n')).ToArray();
        Assert.AreEqual(committed, actual, $"The wire contract changed. Gone: {string.Join("; ", gone)}. New: {string.Join("; ", fresh)}. If that is meant, run this test with INFERMESH_UPDATE_CONTRACTS=1 and commit {File}.");
    }

    private static string Describe()
    {
        var text = new StringBuilder();
        text.Append("# Names on the wire and in storage. A line or a member may be added; one that changes or goes breaks a rolling upgrade or stored state.\n");
        Section("wire types: alias, then id:member:type or value:member", Wire.Select(t => $"{Alias(t)} {string.Join(' ', t.IsEnum ? Values(t) : Members(t).Select(m => $"{m.Id}:{m.Name}:{m.Type}"))}"));
        Section("grain interfaces: alias, then methods", GrainInterfaces.Select(t => $"{Alias(t)} {string.Join(' ', t.GetMethods(Declared).Select(Alias).Order(StringComparer.Ordinal))}"));
        Section("grain classes: grain type, then persisted states", GrainClasses.Select(t => $"{GrainType(t)} {string.Join(' ', StatesOf(t).Select(s => s.Split('/')[1]))}"));
        return text.ToString();

        void Section(string title, IEnumerable<string> lines)
        {
            text.Append("\n# ").Append(title).Append('\n');
            foreach (var line in lines.Select(l => l.TrimEnd()).Order(StringComparer.Ordinal)) text.Append(line).Append('\n');
        }
    }

    private static IEnumerable<string> Values(Type type) =>
        Enum.GetValues(type).Cast<object>().Select(v => $"{Convert.ToInt64(v, CultureInfo.InvariantCulture)}:{v}");

    private static IEnumerable<(uint Id, string Name, string Type)> Members(Type type) => type.GetMembers(Declared)
        .Select(m => (Member: m, Id: m.GetCustomAttribute<IdAttribute>()?.Id))
        .Where(m => m.Id is not null)
        .Select(m => (m.Id!.Value, m.Member.Name, TypeName(m.Member is PropertyInfo p ? p.PropertyType : ((FieldInfo)m.Member).FieldType)))
        .OrderBy(m => m.Item1);

    private static string TypeName(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return TypeName(inner) + "?";
        if (type.IsArray) return TypeName(type.GetElementType()!) + "[]";
        return type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(',', type.GetGenericArguments().Select(TypeName))}>" : type.Name;
    }

    private static IEnumerable<string> StatesOf(Type grain) => grain.GetConstructors().SelectMany(c => c.GetParameters())
        .Select(p => p.GetCustomAttribute<PersistentStateAttribute>()).OfType<PersistentStateAttribute>().Select(s => $"{GrainType(grain)}/{s.StateName}");

    private static string? GrainType(Type type) => type.GetCustomAttributesData().FirstOrDefault(a => a.AttributeType == typeof(GrainTypeAttribute))?.ConstructorArguments[0].Value as string;

    private static string? Alias(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    private static void Unique(IEnumerable<string?> names) => Assert.IsEmpty(names.CountBy(n => n ?? "").Where(n => n.Value > 1).Select(n => n.Key));
}
