using System.Reflection;
using System.Text;
using InferMesh.Strategies.Plugins;
using InferMesh.Tests.Unit.Docs;

namespace InferMesh.Tests.Unit.Strategies.Plugins;

/// <summary>What plugins are compiled against is a reviewed text.</summary>
[TestClass]
public sealed class PublicApiTests
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [TestMethod]
    public void PublicApi_OfThePackage_IsTheReviewedText()
    {
        var text = new StringBuilder();
        foreach (var type in typeof(IStrategyPlugin).Assembly.GetExportedTypes().OrderBy(static t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Kind(type)).Append(' ').Append(Name(type)).Append(Bases(type)).Append('\n');
            foreach (var member in Members(type).Order(StringComparer.Ordinal)) text.Append("  ").Append(member).Append('\n');
        }
        GeneratedPage.AssertIs("contracts/strategies.api.txt", text.ToString());
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().Select(v => $"{Convert.ToInt64(v, System.Globalization.CultureInfo.InvariantCulture)} {v}");
        return type.GetMembers(Declared).Where(static m => !m.Name.Contains('<', StringComparison.Ordinal) && m is not Type).Select(Text).OfType<string>();
    }

    private static string? Text(MemberInfo member) => member switch
    {
        ConstructorInfo c when Visible(c) => $"new({Parameters(c)})",
        // Accessors are part of their property; what records generate follows from their properties.
        MethodInfo m when Visible(m) && !m.IsSpecialName => $"{Modifier(m)}{Name(m.ReturnType)} {m.Name}{Generic(m.GetGenericArguments())}({Parameters(m)})",
        MethodInfo m when Visible(m) && m.Name.StartsWith("op_", StringComparison.Ordinal) => $"static {Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        PropertyInfo p when p.GetMethod is { } get && Visible(get) => $"{Modifier(get)}{Name(p.PropertyType)} {p.Name} {{ get;{Setter(p)} }}",
        FieldInfo { IsPublic: true } f => $"{(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{Name(f.FieldType)} {f.Name}{(f.IsLiteral ? $" = {Convert.ToString(f.GetRawConstantValue(), System.Globalization.CultureInfo.InvariantCulture)}" : "")}",
        _ => null,
    };

    private static bool Visible(MethodBase m) => m.IsPublic || m.IsFamily || m.IsFamilyOrAssembly;

    private static string Modifier(MethodBase m) => m.IsStatic ? "static " : m.IsAbstract && m.DeclaringType is { IsInterface: false } ? "abstract " : "";

    private static string Setter(PropertyInfo p) => p.SetMethod is not { } set || !Visible(set) ? ""
        : set.ReturnParameter.GetRequiredCustomModifiers().Any(static m => m.Name == "IsExternalInit") ? " init;" : " set;";

    private static string Parameters(MethodBase m) => string.Join(", ", m.GetParameters().Select(static p =>
        $"{(p.IsOut ? "out " : p.ParameterType.IsByRef ? p.IsIn || p.GetRequiredCustomModifiers().Length > 0 ? "in " : "ref " : "")}{Name(p.ParameterType)} {p.Name}{(p.HasDefaultValue ? " = default" : "")}"));

    private static string Kind(Type t) => t.IsEnum ? "enum" : t.IsInterface ? "interface" : t.IsValueType ? t.IsByRefLike ? "ref struct" : "struct" : t.IsAbstract && t.IsSealed ? "static class" : t.IsSealed ? "sealed class" : t.IsAbstract ? "abstract class" : "class";

    private static string Bases(Type t)
    {
        if (t.IsEnum) return $" : {Name(Enum.GetUnderlyingType(t))}";
        var bases = (t.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [Name(b)] : Array.Empty<string>()).Concat(t.GetInterfaces().Select(Name).Order(StringComparer.Ordinal)).ToArray();
        return bases.Length > 0 ? $" : {string.Join(", ", bases)}" : "";
    }

    private static string Name(Type t)
    {
        if (t.IsByRef) return Name(t.GetElementType()!);
        if (t.IsArray) return $"{Name(t.GetElementType()!)}[]";
        if (t.IsGenericParameter) return t.Name;
        var name = t.Namespace == "System" ? t.Name : t.FullName ?? $"{t.Namespace}.{t.Name}";
        if (t.IsGenericType && !t.IsGenericTypeDefinition) name = t.Namespace == "System" ? t.Name : t.GetGenericTypeDefinition().FullName!;
        var tick = name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? name : name[..tick] + Generic(t.GetGenericArguments());
    }

    private static string Generic(Type[] arguments) => arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(Name))}>";
}
