# Connecting, the commands it brings, and disconnecting.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement

Check 'connecting writes nothing to the pipeline and brings the commands' {
    $output = @(Connect-Lab)
    Assert-Equal $output.Count 0 'output'
    $module = @(Get-Module tmp*)
    Assert-Equal $module.Count 1 'modules'
    Assert-Like $module[0].Name 'tmpEXO_????????.???'
    Assert-Equal (Get-Command Get-Mailbox).Source $module[0].Name
    Assert-Equal ((Get-Command Get-Mailbox).CommandType) ([System.Management.Automation.CommandTypes]::Function)
    Assert-True (10 -lt $module[0].ExportedFunctions.Count) 'more than ten commands'
}

Check 'parameters collapse to objects and switches, and local ones are kept local' {
    $parameters = (Get-Command Get-Mailbox).Parameters
    Assert-Equal $parameters['Identity'].ParameterType ([object])
    Assert-Equal $parameters['ResultSize'].ParameterType ([object])
    Assert-Equal $parameters['Archive'].ParameterType ([switch])
    Assert-Equal (Get-Failure { Get-Mailbox -NoSuchParameter 1 }).FullyQualifiedErrorId 'NamedParameterNotFound,Get-Mailbox'
}

Check 'a command runs, with and without the name of its first parameter' {
    $all = @(Get-Mailbox)
    Assert-True (1 -lt $all.Count) 'more than one mailbox'
    $one = Get-Mailbox $all[0].Alias
    Assert-Equal $one.DistinguishedName $all[0].DistinguishedName
    Assert-Equal (Get-Mailbox -Identity $all[1].Alias).Guid $all[1].Guid
    Assert-Equal @(Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue).Count 2
}

Check 'objects go down the pipeline by their identity' {
    $one = @(Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue)[0]
    Assert-Equal ($one | Get-Mailbox).Guid $one.Guid
    Assert-Equal ($one.Alias, $one.Alias | Get-Mailbox).Count 2
    $one | Set-Mailbox -CustomAttribute1 'by pipeline'
    Assert-Equal (Get-Mailbox $one.Alias).CustomAttribute1 'by pipeline'
}

Check 'lists, tables and switches reach the server' {
    $one = @(Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue)[0]
    Set-Mailbox $one.Alias -CustomAttribute2 'x' -HiddenFromAddressListsEnabled $true
    $changed = Get-Mailbox $one.Alias
    Assert-Equal $changed.CustomAttribute2 'x'
    Assert-Equal $changed.HiddenFromAddressListsEnabled $true
    Set-Mailbox $one.Alias -CustomAttribute2 'y' -WhatIf
    Assert-Equal (Get-Mailbox $one.Alias).CustomAttribute2 'x' 'after -WhatIf'
    Set-Mailbox $one.Alias -EmailAddresses @{ Add = 'smtp:second@contoso.example' } -ErrorAction SilentlyContinue
}

Check 'secrets reach the server, and those that cannot are refused in a clear sentence' {
    $password = ConvertTo-SecureString 'A long <password> & more' -AsPlainText -Force
    $null = New-Mailbox -Name 'Secret One' -Alias secretone -Password $password
    Assert-Equal @(Get-Mailbox secretone).Count 1
    $short = ConvertTo-SecureString 'short' -AsPlainText -Force
    $failure = Get-Failure { New-Mailbox -Name 'Secret Two' -Alias secrettwo -Password $short -ErrorAction Stop }
    Assert-Like $failure.Exception.Message '*minimum complexity requirements*'
    Assert-True (1 -lt @(Get-Mailbox -Credential (Get-LabCredential)).Count) 'mailboxes'
    foreach ($nested in @($password), @{ Add = $password }) {
        $failure = Get-Failure { Get-Mailbox -Identity $nested }
        Assert-Like $failure.Exception.Message "The parameter 'Identity' has a secret*within a list or a table*"
        Assert-Like $failure.FullyQualifiedErrorId 'ExoNotSupported,*'
    }
}

Check 'a second connection with a prefix stands beside the first' {
    Connect-Lab @{ Prefix = 'Second'; CommandName = 'Get-Acc*', 'Get-Mailbox' }
    Assert-Equal @(Get-Module tmp*).Count 2 'modules'
    $brought = (Get-Command *-Second* -CommandType Function).Name | Sort-Object
    Assert-Equal ($brought -join ' ') 'Get-SecondAcceptedDomain Get-SecondMailbox'
    Assert-Equal @(Get-SecondAcceptedDomain).Count @(Get-AcceptedDomain).Count
    Disconnect-ExchangeOnline -ModulePrefix Second -Confirm:$false -InformationAction Ignore
    Assert-Equal @(Get-Module tmp*).Count 1 'modules'
    Assert-True (-not (Get-Command Get-SecondMailbox -ErrorAction Ignore)) 'its commands are gone'
    Assert-True (1 -lt @(Get-Mailbox).Count) 'the first still answers'
}

Check 'disconnecting takes the commands away and says so' {
    $said = Disconnect-ExchangeOnline -Confirm:$false 6>&1
    Assert-Like "$said" '*ExchangeOnline_1*localhost*Disconnected successfully*'
    Assert-Equal @(Get-Module tmp*).Count 0 'modules'
    Assert-True (-not (Get-Command Get-Mailbox -ErrorAction Ignore)) 'Get-Mailbox is gone'
}

Check 'connecting with a device code shows the code and goes on when it was entered' {
    $said = Connect-Lab @{ Device = $true; InformationAction = 'Continue' } 6>&1
    Assert-True ("$said" -match 'enter the code (\S+) to authenticate') "a code in '$said'"
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
}

Check 'a sign-in that is kept asks nobody the next time' {
    $person = @{
        UserPrincipalName = $env:EXO_LAB_USER; ConnectionUri = $env:EXO_LAB_URL
        AzureADAuthorizationEndpointUri = $env:EXO_LAB_AUTHORITY; ShowBanner = $false
    }
    $state = New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) ([guid]::NewGuid()) exo)
    $env:EXO_TOKEN_CACHE = Join-Path $state tokens
    try {
        Assert-Like "$(Connect-ExchangeOnline @person -Device 6>&1)" '*enter the code*'
        Disconnect-Lab
        foreach ($way in @{ Device = $true }, @{}) {
            $said = "$(Connect-ExchangeOnline @person @way 6>&1)"
            Assert-Equal ($said -like '*enter the code*') $false "asked: $said"
            Assert-Equal (Get-ConnectionInformation).UserPrincipalName $env:EXO_LAB_USER
            Disconnect-Lab
        }
        # Where `exo login` keeps it. The library sees only variables of its process, so that is another one.
        $env:EXO_TOKEN_CACHE = $null
        $env:XDG_STATE_HOME = $state.Parent.FullName
        $said = "$(pwsh -NoLogo -NoProfile -NonInteractive -Command {
            param($person)
            Import-Module ExchangeOnlineManagement
            Connect-ExchangeOnline @person 6>&1
            (Get-ConnectionInformation).UserPrincipalName
        } -args $person)"
        Assert-Like $said "*$($env:EXO_LAB_USER)*"
        Assert-Equal ($said -like '*enter the code*') $false "asked: $said"
    }
    finally {
        $env:EXO_TOKEN_CACHE = $null
        $env:XDG_STATE_HOME = $null
        Remove-Item -Recurse -Force $state.Parent
    }
}

Check 'Connect-IPPSSession does the same' {
    Connect-IPPSSession -ConnectionUri $env:EXO_LAB_URL -AzureADAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY -Credential (Get-LabCredential) -ShowBanner:$false -InformationAction Ignore
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    $said = Disconnect-ExchangeOnline -Confirm:$false 6>&1
    Assert-Like "$said" '*ExchangeOnlineProtection_*'
}

Check 'removing the module closes what it opened' {
    Connect-Lab
    Remove-Module ExchangeOnlineManagement
    Assert-Equal @(Get-Module tmp*).Count 0 'modules'
    Import-Module ExchangeOnlineManagement
    Connect-Lab
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'the library works again'
    Disconnect-Lab
}

Complete
